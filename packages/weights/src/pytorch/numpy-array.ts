import type { DType } from '../dtype.ts';
import { contiguousStride } from '../weights-index.ts';
import { FileBytes, PickleObject, type PickleValue } from './pickle-values.ts';

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

/** The NumPy array that a placeholder stands for; `undefined` for other things, and for arrays that are no numbers. */
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
  if (type === undefined || !isShape(shape)) return undefined;
  if (!(bytes instanceof FileBytes || bytes instanceof Uint8Array)) return undefined;
  const stride = isFortran ? contiguousStride([...shape].reverse()).reverse() : contiguousStride(shape);
  return { type: type.dtype, shape, stride, bytes, isBigEndian: type.isBigEndian, object };
}

function typeOf(value: PickleValue | undefined): { dtype: DType; isBigEndian: boolean } | undefined {
  if (!(value instanceof PickleObject) || value.name !== 'numpy.dtype') return undefined;
  const [code] = value.args;
  const order = Array.isArray(value.state) ? value.state[1] : undefined;
  const dtype = typeof code === 'string' ? numpyDType(code) : undefined;
  return dtype === undefined ? undefined : { dtype, isBigEndian: order === '>' };
}

/** NumPy's code of an element type (`f4`), without its byte order. */
export function numpyDType(code: string): DType | undefined {
  const types = new Map<string, DType>([
    ['f8', 'float64'],
    ['f4', 'float32'],
    ['f2', 'float16'],
    ['i8', 'int64'],
    ['i4', 'int32'],
    ['i2', 'int16'],
    ['i1', 'int8'],
    ['u1', 'uint8'],
    ['b1', 'bool'],
  ]);
  return types.get(code);
}

function isShape(value: PickleValue | undefined): value is number[] {
  const isSize = (size: PickleValue) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  return Array.isArray(value) && value.length <= 64 && value.every(isSize);
}
