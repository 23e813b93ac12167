import { type MediaBox, mediaBox, mediaBoxes } from './media-boxes.ts';

/** What an AVIF file says of its picture. */
export interface AvifHeader {
  readonly depth: number;
  readonly isGrey: boolean;
  /** Whether a row, a column, has half as many samples of colour. */
  readonly isHalfWide: boolean;
  readonly isHalfHigh: boolean;
  /** `undefined` where the boxes do not tell it. */
  readonly colour: AvifColour | undefined;
  /** As EXIF counts; from the turn and the mirror of the picture's properties, as Pillow tells it. */
  readonly orientation: number;
  readonly isPremultiplied: boolean;
  /** Boxes that change what a decoder gives: colours (`colr`), turns (`irot`, `imir`), the crop (`clap`). */
  readonly changing: readonly MediaBox[];
  readonly width: number;
  readonly height: number;
  /** Where the boxes lie that `withoutMatrix` adds to. */
  readonly boxes: AvifBoxes;
}

export interface AvifBoxes {
  readonly meta: MediaBox;
  /** `iprp`, in it `ipco` with `propertyCount` boxes, and `ipma`. */
  readonly properties: MediaBox;
  readonly container: MediaBox;
  readonly propertyCount: number;
  readonly associations: Associations | undefined;
}

/** Which properties the primary picture has, by the table of associations. */
export interface Associations {
  readonly item: number;
  readonly table: MediaBox;
  /** Places in the list of properties, from 1. */
  readonly indices: readonly number[];
  readonly isLongIndex: boolean;
  /** Where their number lies, and where they end. */
  readonly countAt: number;
  readonly end: number;
}

export interface AvifColour {
  readonly primaries: number;
  readonly matrix: number;
  readonly isFullRange: boolean;
}

/** EXIF's orientation by turn (quarters, against the clock), without a mirror and mirrored along either axis. */
const ORIENTATIONS: readonly (readonly [plain: number, axis0: number, axis1: number])[] = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

/**
 * Reads the properties of an AVIF's primary picture.
 *
 * @see https://aomediacodec.github.io/av1-avif/
 * @see https://github.com/python-pillow/Pillow/blob/main/src/_avif.c (`irot_imir_to_exif_orientation`)
 */
export function avifHeader(bytes: Uint8Array): AvifHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readHeader(view);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // a box that says more than it holds
    throw error;
  }
}

function readHeader(view: DataView): AvifHeader | undefined {
  const meta = mediaBox(view, 0, view.byteLength, 'meta');
  const properties = meta && mediaBox(view, meta.start + 4, meta.end, 'iprp');
  const container = properties && mediaBox(view, properties.start, properties.end, 'ipco');
  if (!container) return undefined;
  const all = [...mediaBoxes(view, container.start, container.end)];
  const codec = all.find(({ type }) => type === 'av1C');
  const associations = primaryAssociations(view, meta, properties);
  const own = (associations?.indices ?? []).flatMap((index) => all[index - 1] ?? []);
  const size = own.find(({ type }) => type === 'ispe');
  if (!codec || !size) return undefined;
  const flags = view.getUint8(codec.start + 2);
  const isDeep = (flags & 0x40) !== 0;
  const colours = all.filter((box) => box.type === 'colr' && isNclx(view, box));
  const colour = own.find((box) => colours.includes(box)) ?? colours[0];
  const references = mediaBox(view, meta.start + 4, meta.end, 'iref');
  return {
    depth: isDeep ? (flags & 0x20 ? 12 : 10) : 8,
    isGrey: (flags & 0x10) !== 0,
    isHalfWide: (flags & 0x08) !== 0,
    isHalfHigh: (flags & 0x04) !== 0,
    colour: colour && readColour(view, colour),
    orientation: readOrientation(view, own),
    isPremultiplied:
      references !== undefined && mediaBox(view, references.start + 4, references.end, 'prem') !== undefined,
    changing: [...colours, ...all.filter(({ type }) => ['irot', 'imir', 'clap'].includes(type))],
    width: view.getUint32(size.start + 4),
    height: view.getUint32(size.start + 8),
    boxes: { meta, properties, container, propertyCount: all.length, associations },
  };
}

function primaryAssociations(view: DataView, meta: MediaBox, properties: MediaBox): Associations | undefined {
  const primary = mediaBox(view, meta.start + 4, meta.end, 'pitm');
  const table = mediaBox(view, properties.start, properties.end, 'ipma');
  if (!primary || !table) return undefined;
  const item =
    view.getUint8(primary.start) === 0 ? view.getUint16(primary.start + 4) : view.getUint32(primary.start + 4);
  const isLongItem = view.getUint8(table.start) > 0;
  const isLongIndex = (view.getUint8(table.start + 3) & 1) === 1;
  let at = table.start + 8;
  for (let left = view.getUint32(table.start + 4); left > 0 && at < table.end; left--) {
    const id = isLongItem ? view.getUint32(at) : view.getUint16(at);
    const countAt = at + (isLongItem ? 4 : 2);
    const count = view.getUint8(countAt);
    const first = countAt + 1;
    const end = first + (isLongIndex ? 2 * count : count);
    if (id === item) {
      const indices = Array.from({ length: count }, (_, i) =>
        isLongIndex ? view.getUint16(first + 2 * i) & 0x7fff : view.getUint8(first + i) & 0x7f,
      );
      return { item, table, indices, isLongIndex, countAt, end };
    }
    at = end;
  }
  return undefined;
}

function isNclx(view: DataView, { start, end }: MediaBox): boolean {
  return end - start >= 11 && view.getUint32(start) === 0x6e636c78;
}

function readColour(view: DataView, { start }: MediaBox): AvifColour {
  return {
    primaries: view.getUint16(start + 4),
    matrix: view.getUint16(start + 8),
    isFullRange: (view.getUint8(start + 10) & 0x80) !== 0,
  };
}

function readOrientation(view: DataView, own: readonly MediaBox[]): number {
  const turn = own.find(({ type }) => type === 'irot');
  const mirror = own.find(({ type }) => type === 'imir');
  const quarters = turn ? view.getUint8(turn.start) & 3 : 0;
  const axis = mirror ? view.getUint8(mirror.start) & 1 : undefined;
  return ORIENTATIONS[quarters]![axis === undefined ? 0 : axis + 1]!;
}
