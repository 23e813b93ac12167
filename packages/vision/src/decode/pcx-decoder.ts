import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { bitsToGrey, greyToRgb } from './grey-pixels.ts';
import { decodeWithMagick } from './magick-decoder.ts';

const HEADER_BYTES = 128;

/**
 * Decodes a PCX; a bilevel one in black and white, whatever its palette, as PIL does and ImageMagick does not.
 *
 * @throws DecodeError
 */
export async function decodePcx(request: DecodeRequest): Promise<PixelImage> {
  const [bits, planes] = [request.bytes[3], request.bytes[65]];
  return bits === 1 && planes === 1 ? decodeBilevel(request) : await decodeWithMagick(request);
}

function decodeBilevel(request: DecodeRequest): PixelImage {
  const { bytes, source, maxPixels } = request;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [left, top, right, bottom] = [4, 6, 8, 10].map((at) => view.getUint16(at, true));
  const [width, height] = [right! - left! + 1, bottom! - top! + 1];
  checkPixelCount(source, width, height, maxPixels);
  const rowBytes = view.getUint16(66, true);
  const rows = unpackRuns(bytes.subarray(HEADER_BYTES), rowBytes * height);
  if (8 * rowBytes < width || !rows) throw damaged(request);
  return decodedImage(width, height, greyToRgb(bitsToGrey(rows, rowBytes, width, height)), []);
}

/** Bytes of 0xc0 and more say how often the next one comes. */
function unpackRuns(packed: Uint8Array, count: number): Uint8Array | undefined {
  if (count > 63 * packed.length) return undefined;
  const out = new Uint8Array(count);
  for (let at = 0, to = 0; to < count; ) {
    const byte = packed[at++];
    if (byte === undefined) return undefined;
    if (byte < 0xc0) {
      out[to++] = byte;
      continue;
    }
    const run = byte & 0x3f;
    out.fill(packed[at++]!, to, to + run);
    to += run;
  }
  return out;
}
