/** A picture of an icon's file, and the same file with that picture alone. */
export interface IconEntry {
  /** The picture's own file, if that is what it is stored as (PNG), else an icon of one picture. */
  readonly bytes: Uint8Array;
  readonly isPng: boolean;
}

const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const BITMAP_HEADER_BYTES = 40;
const MOST_SIDE = 256;

/** A line of the file's directory. */
interface Entry {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  /** Bits a pixel; of a mouse pointer, which has its hot spot there, none. */
  readonly depth: number;
}

/**
 * The picture of an ICO or CUR file that PIL opens: of an icon the largest, and of those of one size the one of fewest
 * colours; of a mouse pointer the first that no other is larger than in both directions.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/PIL/IcoImagePlugin.py
 * @see https://github.com/python-pillow/Pillow/blob/main/src/PIL/CurImagePlugin.py
 */
export function iconEntry(bytes: Uint8Array): IconEntry | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isBetter = view.getUint16(2, true) === 1 ? isBetterIcon : isLargerPointer;
  const count = view.getUint16(4, true);
  let best: Entry | undefined;
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    if (at + ENTRY_BYTES > bytes.length) return undefined;
    const entry = { at, width: bytes[at]!, height: bytes[at + 1]!, depth: depthOf(view, at) };
    if (!best || isBetter(entry, best)) best = entry;
  }
  if (!best) return undefined;
  const [size, offset] = [view.getUint32(best.at + 8, true), view.getUint32(best.at + 12, true)];
  if (offset + size > bytes.length) return undefined;
  const picture = bytes.subarray(offset, offset + size);
  if (picture[0] === 0x89 && picture[1] === 0x50) return { bytes: picture, isPng: true };
  const alone = new Uint8Array(HEADER_BYTES + ENTRY_BYTES + size + missingMaskBytes(picture));
  alone.set(bytes.subarray(0, HEADER_BYTES));
  alone.set(bytes.subarray(best.at, best.at + ENTRY_BYTES), HEADER_BYTES);
  alone.set(picture, HEADER_BYTES + ENTRY_BYTES);
  const aloneView = new DataView(alone.buffer);
  aloneView.setUint16(4, 1, true);
  aloneView.setUint32(HEADER_BYTES + 8, alone.length - HEADER_BYTES - ENTRY_BYTES, true);
  aloneView.setUint32(HEADER_BYTES + 12, HEADER_BYTES + ENTRY_BYTES, true);
  return { bytes: alone, isPng: false };
}

/** What a bitmap's mask lacks where its colours are whole: Pillow writes the mask's rows without filling them up. */
function missingMaskBytes(bitmap: Uint8Array): number {
  if (bitmap.length < BITMAP_HEADER_BYTES) return 0;
  const view = new DataView(bitmap.buffer, bitmap.byteOffset, bitmap.byteLength);
  const [width, height] = [view.getInt32(4, true), Math.floor(view.getInt32(8, true) / 2)];
  if (width < 1 || width > MOST_SIDE || height < 1 || height > MOST_SIDE) return 0;
  const bits = view.getUint16(14, true);
  const colours = bits <= 8 ? view.getUint32(32, true) || 2 ** bits : 0;
  const coloursEnd = view.getUint32(0, true) + 4 * colours + height * 4 * Math.ceil((width * bits) / 32);
  const isWhole = coloursEnd <= bitmap.length;
  return isWhole ? Math.max(0, coloursEnd + height * 4 * Math.ceil(width / 32) - bitmap.length) : 0;
}

/** Sides of 0 are 256. */
function isBetterIcon(one: Entry, other: Entry): boolean {
  const [area, otherArea] = [one, other].map(({ width, height }) => (width || 256) * (height || 256));
  return area! > otherArea! || (area === otherArea && one.depth < other.depth);
}

function isLargerPointer(one: Entry, other: Entry): boolean {
  return one.width > other.width && one.height > other.height;
}

/** Bits a pixel, as PIL counts them: as said, else by the number of colours, else 256. */
function depthOf(view: DataView, at: number): number {
  const bits = view.getUint16(at + 6, true);
  const colours = view.getUint8(at + 2);
  return bits || (colours && Math.ceil(Math.log2(colours))) || 256;
}
