import type { DType } from '../dtype.ts';
import { numpyDType } from '../pytorch/numpy-array.ts';
import { contiguousStride } from '../weights-index.ts';

/** What the head of an `.npy` file says. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly isBigEndian: boolean;
  readonly shape: readonly number[];
  /** In elements. */
  readonly stride: readonly number[];
  /** Where the data begins. */
  readonly dataOffset: number;
}

/** Bytes from the start that hold any header that ResNets need. */
export const npyHeaderBytes = 4096;

/**
 * Reads the header of an `.npy` file: a magic, a version, a length and a Python dict's text.
 *
 * @returns `undefined` where it is none, or of something else than numbers.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader | undefined {
  if (bytes.length < 12 || !isNpy(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) return undefined;
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const descr = /'descr'\s*:\s*'([<>|=]?)([a-z]\d{1,2})'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const sizes = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  const dtype = descr === null ? undefined : numpyDType(descr[2]!);
  if (dtype === undefined || order === null || sizes === null) return undefined;
  const shape = sizes[1]!.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number.parseInt(size, 10)]));
  if (shape.length > 64 || !shape.every(Number.isSafeInteger)) return undefined;
  const isFortran = order[1] === 'True';
  return {
    dtype,
    isBigEndian: descr![1] === '>',
    shape,
    stride: isFortran ? contiguousStride([...shape].reverse()).reverse() : contiguousStride(shape),
    dataOffset: start + length,
  };
}

/** Whether the bytes begin as an `.npy` file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return [...'\x93NUMPY'].every((char, i) => bytes[i] === char.charCodeAt(0));
}
