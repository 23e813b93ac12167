import { type DType, itemSize } from '../dtype.ts';
import type { StoredType } from './pickle-values.ts';

/** Bytes of one element of a storage; an untyped one counts bytes. */
export function storedItemSize(type: StoredType): number {
  if (type === 'untyped') return 1;
  return itemSize(plainType(type));
}

/** The type that elements are read as before they are widened. */
export function plainType(type: Exclude<StoredType, 'untyped'>): DType {
  switch (type) {
    case 'float8_e4m3fn':
    case 'float8_e5m2':
    case 'quint8':
      return 'uint8';
    case 'qint8':
      return 'int8';
    case 'qint32':
      return 'int32';
    default:
      return type;
  }
}
