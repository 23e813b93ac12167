/** An entry of a TIFF's first directory. */
export interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Where its values lie in the file: in the entry itself, if they are few. */
  readonly valuesAt: number;
  /** Where the entry lies in the file. */
  readonly at: number;
}

/** A TIFF's first directory, which describes its first picture. */
export interface TiffDirectory {
  readonly isLittleEndian: boolean;
  readonly isBig: boolean;
  readonly entries: ReadonlyMap<number, TiffEntry>;
}

export const TIFF_TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfig: 284,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  dngVersion: 50706,
} as const;

/** Bytes of a value, by its type's number. */
const TYPE_BYTES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const SHORT = 3;
const LONG = 4;
const LONG8 = 16;

/**
 * Reads a TIFF's first directory, no further than the file goes; `undefined` where there is none.
 *
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, and for 64 bits
 * https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
 */
export function tiffDirectory(bytes: Uint8Array): TiffDirectory | undefined {
  const view = viewOf(bytes);
  if (bytes.length < 16) return undefined;
  const isLittleEndian = bytes[0] === 0x49;
  const isBig = view.getUint16(2, isLittleEndian) === 43;
  const directory = isBig ? Number(view.getBigUint64(8, isLittleEndian)) : view.getUint32(4, isLittleEndian);
  const [countBytes, entryBytes, inlineBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  if (directory + countBytes > bytes.length) return undefined;
  const count = view.getUint16(directory + (isBig && !isLittleEndian ? 6 : 0), isLittleEndian);
  const entries = new Map<number, TiffEntry>();
  for (let i = 0; i < count; i++) {
    const at = directory + countBytes + i * entryBytes;
    if (at + entryBytes > bytes.length) break;
    const tag = view.getUint16(at, isLittleEndian);
    const type = view.getUint16(at + 2, isLittleEndian);
    const values = isBig ? Number(view.getBigUint64(at + 4, isLittleEndian)) : view.getUint32(at + 4, isLittleEndian);
    const sizeBytes = (TYPE_BYTES[type] ?? 0) * values;
    const inline = at + (isBig ? 12 : 8);
    const far = isBig ? Number(view.getBigUint64(inline, isLittleEndian)) : view.getUint32(inline, isLittleEndian);
    const valuesAt = sizeBytes <= inlineBytes ? inline : far;
    if (sizeBytes === 0 || valuesAt + sizeBytes > bytes.length) continue;
    entries.set(tag, { tag, type, count: values, valuesAt, at });
  }
  return { isLittleEndian, isBig, entries };
}

/** The whole numbers of a tag, none where it is absent or of another type. */
export function tiffValues(bytes: Uint8Array, { isLittleEndian, entries }: TiffDirectory, tag: number): number[] {
  const entry = entries.get(tag);
  if (!entry) return [];
  const view = viewOf(bytes);
  const read: Partial<Record<number, (at: number) => number>> = {
    1: (at) => view.getUint8(at),
    [SHORT]: (at) => view.getUint16(at, isLittleEndian),
    [LONG]: (at) => view.getUint32(at, isLittleEndian),
    [LONG8]: (at) => Number(view.getBigUint64(at, isLittleEndian)),
  };
  const readOne = read[entry.type];
  if (!readOne) return [];
  return Array.from({ length: entry.count }, (_, i) => readOne(entry.valuesAt + i * TYPE_BYTES[entry.type]!));
}

/** Whether a strip or a tile goes on behind the end of the file, or the directory lies there: libvips reads what is left. */
export function isTiffCutOff(bytes: Uint8Array): boolean {
  const directory = tiffDirectory(bytes);
  if (!directory) return true;
  const isTiled = directory.entries.has(TIFF_TAG.tileOffsets);
  const offsets = tiffValues(bytes, directory, isTiled ? TIFF_TAG.tileOffsets : TIFF_TAG.stripOffsets);
  const counts = tiffValues(bytes, directory, isTiled ? TIFF_TAG.tileByteCounts : TIFF_TAG.stripByteCounts);
  return offsets.length === 0 || offsets.some((offset, i) => offset + (counts[i] ?? 0) > bytes.length);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
