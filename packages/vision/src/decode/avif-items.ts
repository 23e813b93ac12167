import { type MediaBox, mediaBox } from './media-boxes.ts';

/** Where an item of a media file lies. */
export interface ItemLocation {
  readonly item: number;
  /** Of its first extent, in the file. */
  readonly offset: number;
  /** Where the 32-bit numbers lie that place its extents: the common one if there is one, else each one's own. */
  readonly offsetFields: readonly number[];
}

/**
 * The items' table (`iloc`), of items that lie in the file by 32-bit offsets; `undefined` where any does otherwise.
 *
 * @see https://www.iso.org/standard/83102.html (ISO/IEC 14496-12, section 8.11.3)
 */
export function itemLocations(view: DataView, meta: MediaBox): ItemLocation[] | undefined {
  const box = mediaBox(view, meta.start + 4, meta.end, 'iloc');
  if (!box) return undefined;
  const version = view.getUint8(box.start);
  const sizes = view.getUint16(box.start + 4);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version > 0 ? sizes & 15 : 0;
  if (![0, 4].includes(offsetBytes) || ![0, 4].includes(baseBytes) || offsetBytes + baseBytes === 0) return undefined;
  const isLong = version === 2;
  let at = box.start + 6;
  const items: ItemLocation[] = [];
  const count = isLong ? view.getUint32(at) : view.getUint16(at);
  at += isLong ? 4 : 2;
  for (let i = 0; i < count; i++) {
    const item = isLong ? view.getUint32(at) : view.getUint16(at);
    at += isLong ? 4 : 2;
    const isInFile = version === 0 || (view.getUint16(at) & 15) === 0;
    at += (version > 0 ? 2 : 0) + 2; // how it is built, and in which file
    const base = baseBytes > 0 ? view.getUint32(at) : 0;
    const fields = base > 0 ? [at] : [];
    at += baseBytes;
    const extents = view.getUint16(at);
    at += 2;
    const first = offsetBytes > 0 && extents > 0 ? view.getUint32(at + indexBytes) : 0;
    for (let extent = 0; extent < extents; extent++, at += indexBytes + offsetBytes + lengthBytes) {
      if (base === 0 && offsetBytes > 0) fields.push(at + indexBytes);
    }
    if (isInFile) items.push({ item, offset: base + first, offsetFields: fields });
  }
  return items;
}
