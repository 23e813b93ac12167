import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { highBytesOf, planesToRgb } from './channel-planes.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';

const HEADER_BYTES = 512;

interface SgiHeader {
  readonly hasRuns: boolean;
  readonly sampleBytes: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/**
 * Decodes an SGI picture; of 16 bits the high byte, as PIL does, where ImageMagick rounds and reads no grey.
 *
 * @see https://paulbourke.net/dataformats/sgirgb/sgiversion.html
 * @throws DecodeError
 */
export async function decodeSgi(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, source, maxPixels } = request;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header: SgiHeader = {
    hasRuns: bytes[2] === 1,
    sampleBytes: bytes[3]!,
    width: view.getUint16(6),
    height: view.getUint16(4) === 1 ? 1 : view.getUint16(8),
    channels: view.getUint16(4) === 3 ? view.getUint16(10) : 1,
  };
  checkPixelCount(source, header.width, header.height, maxPixels);
  const planes = Array.from({ length: header.channels < 3 ? 1 : 3 }, (_, channel) => readPlane(view, header, channel));
  const whole = planes.filter((plane) => plane !== undefined);
  if (whole.length < planes.length) throw damaged(request);
  return decodedImage(header.width, header.height, planesToRgb(whole), []);
}

/** A channel's rows, which lie from the lowest to the highest, from the top. */
function readPlane(view: DataView, header: SgiHeader, channel: number): Uint8Array | undefined {
  const { width, height, hasRuns, sampleBytes } = header;
  const rowBytes = width * sampleBytes;
  if (HEADER_BYTES + (hasRuns ? 8 * height * header.channels : rowBytes * height * header.channels) > view.byteLength) {
    return undefined;
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const plane = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const row = plane.subarray((height - 1 - y) * rowBytes, (height - y) * rowBytes);
    const index = channel * height + y;
    if (!hasRuns) {
      const at = HEADER_BYTES + index * rowBytes;
      row.set(bytes.subarray(at, at + rowBytes));
      continue;
    }
    const at = view.getUint32(HEADER_BYTES + 4 * index);
    const length = view.getUint32(HEADER_BYTES + 4 * (height * header.channels + index));
    if (at + length > bytes.length || !unpackRuns(bytes.subarray(at, at + length), row, sampleBytes)) return undefined;
  }
  return sampleBytes === 2 ? highBytesOf(plane) : plane;
}

/** A sample's low seven bits count; its eighth says that so many follow, else the next one comes so often; 0 ends a row. */
function unpackRuns(packed: Uint8Array, row: Uint8Array, sampleBytes: number): boolean {
  let to = 0;
  for (let at = 0; at < packed.length; ) {
    const head = packed[at + sampleBytes - 1] ?? 0;
    at += sampleBytes;
    const run = (head & 0x7f) * sampleBytes;
    if (run === 0) break;
    if (to + run > row.length) return false;
    const isLiteral = (head & 0x80) !== 0;
    const needed = isLiteral ? run : sampleBytes;
    if (at + needed > packed.length) return false;
    for (let i = 0; i < run; i++) row[to + i] = packed[at + (isLiteral ? i : i % sampleBytes)]!;
    to += run;
    at += needed;
  }
  return to === row.length;
}
