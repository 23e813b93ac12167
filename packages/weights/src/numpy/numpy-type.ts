import type { DType } from '../dtype.ts';
import { contiguousStride } from '../weights-index.ts';

/** NumPy's code of an element type (`f4`), without its byte order; `undefined` for types that no tensor has here. */
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

/** Strides of an array, in elements: row by row, or column by column as Fortran has them. */
export function numpyStride(shape: readonly number[], isFortran: boolean): number[] {
  return isFortran ? contiguousStride([...shape].reverse()).reverse() : contiguousStride(shape);
}
