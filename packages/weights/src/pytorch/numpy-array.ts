import type { DType } from '../dtype.ts';
import { numpyDType, numpyStride } from '../numpy/numpy-type.ts';
import { FileBytes, PickleObject, type PickleValue } from './pickle-values.ts';
import { isSizes } from './tensor-sizes.ts';

/** An array as its pickle describes it; strides in elements. */
export interface NumpyArray {
  readonly type: DType;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly bytes: FileBytes | Uint8Array;
  readonly isBigEndian: boolean;
  /** What it was read from. */
  readonly object: PickleObject;
}

/** Reads an object as the NumPy array that it pickles; `undefined` where it is none, or an array of other things than numbers. */
export function numpyArrayOf(value: PickleObject): NumpyArray | undefined {
  if (/^numpy\._?core\.multiarray\._reconstruct$/.test(value.name)) {
    const state = Array.isArray(value.state) ? value.state : [];
    const [shape, type, isFortran, bytes] = state.slice(-4);
    return makeArray(value, shape, type, isFortran === true || isFortran === 1, bytes);
  }
  if (/^numpy\._?core\.numeric\._frombuffer$/.test(value.name)) {
    const [bytes, type, shape, order] = value.args;
    return makeArray(value, shape, type, order === 'F', bytes);
  }
  // JAX's arrays: NumPy's function, its arguments and its state.
  if (/^jax\..*\._reconstruct_array$/.test(value.name) && Array.isArray(value.args[2])) {
    const [shape, type, isFortran, bytes] = value.args[2].slice(-4);
    return makeArray(value, shape, type, isFortran === true, bytes);
  }
  return undefined;
}

function makeArray(
  object: PickleObject,
  shape: PickleValue | undefined,
  typeObject: PickleValue | undefined,
  isFortran: boolean,
  stored: PickleValue | undefined,
): NumpyArray | undefined {
  const type = typeOf(typeObject);
  const bytes = typeof stored === 'string' ? Uint8Array.from(stored, (char) => char.charCodeAt(0)) : stored;
  if (type === undefined || !isSizes(shape)) return undefined;
  if (!(bytes instanceof FileBytes || bytes instanceof Uint8Array)) return undefined;
  const stride = numpyStride(shape, isFortran);
  return { type: type.dtype, shape, stride, bytes, isBigEndian: type.isBigEndian, object };
}

function typeOf(value: PickleValue | undefined): { dtype: DType; isBigEndian: boolean } | undefined {
  if (!(value instanceof PickleObject) || value.name !== 'numpy.dtype') return undefined;
  const [code] = value.args;
  const order = Array.isArray(value.state) ? value.state[1] : undefined;
  const dtype = typeof code === 'string' ? numpyDType(code) : undefined;
  return dtype === undefined ? undefined : { dtype, isBigEndian: order === '>' };
}
