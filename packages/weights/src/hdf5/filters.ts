import { oneLine } from '../one-line.ts';
import type { Hdf5File } from './hdf5-file.ts';

/** What chunks went through before they were written. */
export type Filter = 'deflate' | 'shuffle' | 'fletcher32';

/** @throws WeightsFormatError for other filters, by their names. */
export function parseFilters(file: Hdf5File, name: string, data: DataView): Filter[] {
  const version = data.getUint8(0);
  const count = data.getUint8(1);
  let at = version === 1 ? 8 : 2;
  const filters: Filter[] = [];
  for (let i = 0; i < count; i++) {
    const id = data.getUint16(at, true);
    const hasName = version === 1 || id >= 256;
    const nameBytes = hasName ? data.getUint16(at + 2, true) : 0;
    const values = data.getUint16(at + (hasName ? 6 : 4), true);
    const nameAt = at + (hasName ? 8 : 6);
    const paddedBytes = version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes;
    const filter = new Map<number, Filter>([
      [1, 'deflate'],
      [2, 'shuffle'],
      [3, 'fletcher32'],
    ]).get(id);
    if (filter === undefined) {
      const bytes = new Uint8Array(
        data.buffer,
        data.byteOffset + nameAt,
        Math.min(nameBytes, data.byteLength - nameAt),
      );
      const label = oneLine(new TextDecoder().decode(bytes).replace(/\0.*$/s, ''), 40) || String(id);
      throw file.unsupported(
        `${name}: expected data packed by gzip or not at all, got the filter ${label}; save it without`,
      );
    }
    filters.push(filter);
    at = nameAt + paddedBytes + 4 * values + (version === 1 && values % 2 === 1 ? 4 : 0);
  }
  return filters;
}

/** Puts the bytes of each element together again; a rest that is no whole element stays as it is. */
export function unshuffle(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const count = Math.floor(bytes.length / itemBytes);
  const out = Uint8Array.from(bytes);
  for (let byte = 0; byte < itemBytes; byte++) {
    for (let i = 0; i < count; i++) out[i * itemBytes + byte] = bytes[byte * count + i]!;
  }
  return out;
}
