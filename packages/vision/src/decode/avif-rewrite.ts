import type { Associations, AvifHeader } from './avif-header.ts';
import { itemLocations } from './avif-items.ts';

/** `colr`: colours by numbers, sRGB's primaries and curve, no matrix, the full range. */
const IDENTITY: readonly number[] = [
  0, 0, 0, 19, 0x63, 0x6f, 0x6c, 0x72, 0x6e, 0x63, 0x6c, 0x78, 0, 1, 0, 13, 0, 0, 0x80,
];
const MATRIX_AT = 8;
const RANGE_AT = 10;

/** The file without what turns or crops its picture, in a form that libvips takes for an AVIF. */
export function withoutTurns(original: Uint8Array, { changing, width, height }: AvifHeader): Uint8Array {
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  if (view.getUint32(8) === 0x61766973) bytes.set([0x61, 0x76, 0x69, 0x66], 8); // avis: libvips knows avif
  for (const { type, at, start } of changing) {
    if (type === 'irot' || type === 'imir') {
      bytes.set([0x69, 0x72, 0x6f, 0x74], at + 4); // irot, by no quarter
      view.setUint8(start, 0);
    } else if (type === 'clap') {
      for (const [i, value] of [width, 1, height, 1, 0, 1, 0, 1].entries()) view.setUint32(start + 4 * i, value);
    }
  }
  return bytes;
}

/** The file as if its samples were colours already; `undefined` where its boxes leave no way to say so. */
export function withoutMatrix(original: Uint8Array, header: AvifHeader): Uint8Array | undefined {
  const colours = header.changing.filter(({ type }) => type === 'colr');
  if (colours.length === 0) return withColourAdded(original, header);
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  for (const { start } of colours) {
    view.setUint16(start + MATRIX_AT, 0);
    view.setUint8(start + RANGE_AT, 0x80);
  }
  return bytes;
}

/** A property more, and a link to it from the primary picture; what lies behind moves, and so do the offsets of items. */
function withColourAdded(original: Uint8Array, { boxes }: AvifHeader): Uint8Array | undefined {
  const { meta, properties, container, propertyCount, associations } = boxes;
  if (!associations || (propertyCount >= 127 && !associations.isLongIndex)) return undefined;
  const link = associations.isLongIndex ? [0, propertyCount + 1] : [propertyCount + 1];
  const added = IDENTITY.length + link.length;
  const moved = original.slice();
  const view = new DataView(moved.buffer);
  const offsets = itemLocations(view, meta)?.flatMap(({ offsetFields }) => offsetFields);
  if (!offsets) return undefined;
  for (const at of offsets) {
    const offset = view.getUint32(at);
    if (offset >= meta.end) view.setUint32(at, offset + added);
  }
  const grown = [
    [meta, added],
    [properties, added],
    [container, IDENTITY.length],
    [associations.table, link.length],
  ] as const;
  for (const [{ at }, by] of grown) view.setUint32(at, view.getUint32(at) + by);
  view.setUint8(associations.countAt, associations.indices.length + 1);
  return inserted(moved, container.end, associations, link);
}

function inserted(moved: Uint8Array, propertyAt: number, { end }: Associations, link: readonly number[]): Uint8Array {
  const places = [[propertyAt, IDENTITY] as const, [end, link] as const].sort(([one], [other]) => one - other);
  const bytes = new Uint8Array(moved.length + IDENTITY.length + link.length);
  let from = 0;
  let to = 0;
  for (const [at, piece] of places) {
    bytes.set(moved.subarray(from, at), to);
    to += at - from;
    bytes.set(piece, to);
    to += piece.length;
    from = at;
  }
  bytes.set(moved.subarray(from), to);
  return bytes;
}
