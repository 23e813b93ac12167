import { type NumpyArray, numpyArrayOf } from './numpy-array.ts';
import { PickleObject, type PickleValue, StorageReference, TensorReference } from './pickle-values.ts';

/** A tensor that can be read: torch's, or NumPy's. */
export type FoundTensor = TensorReference | NumpyArray;

/** A value as a tensor, if it is one that can be read. */
export function asTensor(value: PickleValue): FoundTensor | undefined {
  if (value instanceof TensorReference) return value;
  return value instanceof PickleObject ? numpyArrayOf(value) : undefined;
}

/** Whether a value must be a tensor that cannot be read: an unknown function makes it of a storage or a tensor. */
export function isUnreadTensor(value: PickleValue): value is PickleObject {
  if (!(value instanceof PickleObject)) return false;
  if (/^torch\.(?:_utils|_tensor)\._rebuild_/.test(value.name)) return true;
  const isPart = (arg: PickleValue) => arg instanceof StorageReference || arg instanceof TensorReference;
  return value.args
    .slice(0, 8)
    .some((arg) => isPart(arg) || (Array.isArray(arg) && arg.length < 64 && arg.some(isPart)));
}
