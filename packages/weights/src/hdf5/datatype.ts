import type { DType } from '../dtype.ts';

/** What an element is, as far as weights and their attributes need it. */
export type Hdf5Type =
  | { readonly kind: 'number'; readonly dtype: DType; readonly isBigEndian: boolean; readonly sizeBytes: number }
  | { readonly kind: 'text'; readonly sizeBytes: number }
  | { readonly kind: 'varying-text'; readonly sizeBytes: number }
  | { readonly kind: 'other'; readonly sizeBytes: number };

/** Reads a datatype message. */
export function parseDatatype(data: DataView): Hdf5Type {
  const kind = data.getUint8(0) & 0x0f;
  const flags = data.getUint8(1);
  const sizeBytes = data.getUint32(4, true);
  if (kind === 3) return { kind: 'text', sizeBytes };
  if (kind === 9) return { kind: (flags & 0x0f) === 1 ? 'varying-text' : 'other', sizeBytes };
  const dtype =
    kind === 0 ? integerType(sizeBytes, (flags & 8) !== 0) : kind === 1 ? floatType(data, sizeBytes) : undefined;
  if (dtype === undefined) return { kind: 'other', sizeBytes };
  return { kind: 'number', dtype, isBigEndian: (flags & 1) !== 0, sizeBytes };
}

function integerType(sizeBytes: number, isSigned: boolean): DType | undefined {
  if (!isSigned) return sizeBytes === 1 ? 'uint8' : undefined;
  const types = new Map<number, DType>([
    [1, 'int8'],
    [2, 'int16'],
    [4, 'int32'],
    [8, 'int64'],
  ]);
  return types.get(sizeBytes);
}

/** Told by the size and the exponent's. */
function floatType(data: DataView, sizeBytes: number): DType | undefined {
  const exponentBits = data.getUint8(13);
  const types = new Map<string, DType>([
    ['2 5', 'float16'],
    ['2 8', 'bfloat16'],
    ['4 8', 'float32'],
    ['8 11', 'float64'],
  ]);
  return types.get(`${sizeBytes} ${exponentBits}`);
}

/** Sizes of a dataspace message; none for a single value. */
export function parseDataspace(data: DataView): number[] {
  const version = data.getUint8(0);
  const rank = data.getUint8(1);
  const at = version === 1 ? 8 : 4;
  return Array.from({ length: rank }, (_, axis) => Number(data.getBigUint64(at + 8 * axis, true)));
}
