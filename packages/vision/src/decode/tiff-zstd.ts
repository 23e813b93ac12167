import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { DecodeError } from '../decode-error.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { TIFF_TAG, type TiffDirectory, tiffValues, viewOf } from './tiff-directory.ts';

const ADOBE_DEFLATE = 8;
const LONG = 4;
/** Of what strips and tiles say that they hold, which may be more than the picture. */
const MOST_BYTES_A_PIXEL = 16;
const deflateAsync = promisify(deflate);

/**
 * The same TIFF with its zstd pieces packed by deflate, which libvips reads: its first directory is rewritten behind the
 * pieces, at the end of the file.
 *
 * @throws DecodeError
 */
export async function zstdToDeflate(request: DecodeRequest, directory: TiffDirectory): Promise<DecodeRequest> {
  if (directory.isBig) {
    const problem = 'expected a picture that can be decoded, got a BigTIFF compressed by zstd; save it with deflate';
    throw new DecodeError('FORMAT_UNSUPPORTED', request.source, problem);
  }
  const { decompress } = await loadZstd(request.source);
  const { bytes } = request;
  const isTiled = directory.entries.has(TIFF_TAG.tileOffsets);
  const [offsetsTag, countsTag] = isTiled
    ? [TIFF_TAG.tileOffsets, TIFF_TAG.tileByteCounts]
    : [TIFF_TAG.stripOffsets, TIFF_TAG.stripByteCounts];
  const offsets = tiffValues(bytes, directory, offsetsTag);
  const counts = tiffValues(bytes, directory, countsTag);
  const pieceBytes = sizeOfPiece(bytes, directory, isTiled);
  if (pieceBytes * offsets.length > MOST_BYTES_A_PIXEL * Math.max(request.maxPixels, 1e6)) throw damaged(request);
  const pieces: Uint8Array[] = [];
  for (const [i, offset] of offsets.entries()) {
    const packed = bytes.subarray(offset, offset + (counts[i] ?? 0));
    try {
      const raw = decompress(packed, new Uint8Array(pieceBytes));
      pieces.push(await deflateAsync(raw, { level: 1 }));
    } catch {
      throw damaged(request);
    }
  }
  return { ...request, bytes: rewritten(bytes, directory, { pieces, offsetsTag, countsTag }) };
}

/** Bytes of the largest strip or tile, before compression. */
function sizeOfPiece(bytes: Uint8Array, directory: TiffDirectory, isTiled: boolean): number {
  const value = (tag: number, otherwise: number): number => tiffValues(bytes, directory, tag)[0] ?? otherwise;
  const height = value(TIFF_TAG.height, 0);
  const [columns, rows] = isTiled
    ? [value(TIFF_TAG.tileWidth, 0), value(TIFF_TAG.tileHeight, 0)]
    : [value(TIFF_TAG.width, 0), Math.min(height, value(TIFF_TAG.rowsPerStrip, height))];
  const samples = value(TIFF_TAG.planarConfig, 1) === 2 ? 1 : value(TIFF_TAG.samplesPerPixel, 1);
  return rows * Math.ceil((columns * samples * value(TIFF_TAG.bitsPerSample, 1)) / 8);
}

interface Pieces {
  readonly pieces: readonly Uint8Array[];
  readonly offsetsTag: number;
  readonly countsTag: number;
}

function rewritten(
  bytes: Uint8Array,
  { isLittleEndian, entries }: TiffDirectory,
  { pieces, offsetsTag, countsTag }: Pieces,
): Uint8Array {
  const tableBytes = 4 * pieces.length;
  const directoryBytes = 2 + 12 * entries.size + 4;
  const start = bytes.length + (bytes.length % 2);
  const dataAt = start + directoryBytes + 2 * tableBytes;
  const out = new Uint8Array(dataAt + pieces.reduce((sum, piece) => sum + piece.length, 0));
  out.set(bytes);
  const view = viewOf(out);
  const [offsetsAt, countsAt] = [start + directoryBytes, start + directoryBytes + tableBytes];
  let next = dataAt;
  for (const [i, piece] of pieces.entries()) {
    out.set(piece, next);
    view.setUint32(offsetsAt + 4 * i, next, isLittleEndian);
    view.setUint32(countsAt + 4 * i, piece.length, isLittleEndian);
    next += piece.length;
  }
  view.setUint32(4, start, isLittleEndian);
  view.setUint16(start, entries.size, isLittleEndian);
  for (const [i, entry] of [...entries.values()].entries()) {
    const at = start + 2 + 12 * i;
    out.set(bytes.subarray(entry.at, entry.at + 12), at);
    if (entry.tag === TIFF_TAG.compression) view.setUint16(at + 8, ADOBE_DEFLATE, isLittleEndian);
    if (entry.tag !== offsetsTag && entry.tag !== countsTag) continue;
    const table = entry.tag === offsetsTag ? offsetsAt : countsAt;
    view.setUint16(at + 2, LONG, isLittleEndian);
    view.setUint32(at + 4, pieces.length, isLittleEndian);
    view.setUint32(at + 8, pieces.length === 1 ? view.getUint32(table, isLittleEndian) : table, isLittleEndian);
  }
  return out;
}

async function loadZstd(source: string): Promise<typeof import('fzstd')> {
  try {
    return await import('fzstd');
  } catch (cause) {
    const problem = 'decoding a TIFF compressed by zstd needs fzstd: run npm install fzstd';
    throw new DecodeError('DECODER_MISSING', source, problem, cause);
  }
}
