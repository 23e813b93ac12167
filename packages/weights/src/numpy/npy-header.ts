import type { DType } from '../dtype.ts';
import { startsWith } from '../starts-with.ts';
import { numpyDType, numpyStride } from './numpy-type.ts';

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
  const head = npyTextOf(bytes);
  if (head === undefined) return undefined;
  const { text, dataOffset } = head;
  const descr = /'descr'\s*:\s*'([<>|=]?)([a-z]\d{1,2})'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const sizes = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  const dtype = descr === null ? undefined : numpyDType(descr[2]!);
  if (dtype === undefined || order === null || sizes === null) return undefined;
  const shape = sizes[1]!.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number.parseInt(size, 10)]));
  if (shape.length > 64 || !shape.every(Number.isSafeInteger)) return undefined;
  return {
    dtype,
    isBigEndian: descr![1] === '>',
    shape,
    stride: numpyStride(shape, order[1] === 'True'),
    dataOffset,
  };
}

/** The text of an `.npy` file's header, and where the data begins; `undefined` where the bytes hold none. */
export function npyTextOf(bytes: Uint8Array): { readonly text: string; readonly dataOffset: number } | undefined {
  if (bytes.length < 12 || !startsWith(bytes, 0, '\x93NUMPY')) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  const dataOffset = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) return undefined;
  return { text: new TextDecoder('latin1').decode(bytes.subarray(start, dataOffset)), dataOffset };
}
