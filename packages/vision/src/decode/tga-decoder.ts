import type { PixelImage } from '../pixel-image.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { restretch } from './five-bits.ts';
import { decodeWithMagick } from './magick-decoder.ts';
import { unsupported } from './unsupported.ts';

const HEADER_BYTES = 18;
const GREY = 3;
const GREY_RUNS = 11;
const PIXEL_BITS_AT = 16;

/**
 * Decodes a TGA, of 16 bits a pixel as PIL does: colours rounded down, and grey with alpha, which ImageMagick reads as
 * colours.
 *
 * @throws DecodeError
 */
export async function decodeTga(request: DecodeRequest): Promise<PixelImage> {
  const { bytes } = request;
  const type = bytes[2];
  if (bytes[PIXEL_BITS_AT] === 1) throw unsupported(request, 'a TGA picture of 1 bit a pixel', 'save it as a PNG');
  if (bytes[PIXEL_BITS_AT] !== 16) return await decodeWithMagick(request);
  if (type !== GREY && type !== GREY_RUNS) {
    const image = await decodeWithMagick(request);
    return { ...image, data: restretch(image.data as Uint8Array, [5, 5, 5]) };
  }
  const grey = greyAlone(bytes, type === GREY_RUNS);
  if (!grey) throw damaged(request);
  return await decodeWithMagick({ ...request, bytes: grey });
}

/** The file without its alpha and its run lengths. */
function greyAlone(bytes: Uint8Array, hasRuns: boolean): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(12, true) * view.getUint16(14, true);
  let at = HEADER_BYTES + bytes[0]!;
  // A run is at most 128 pixels in 3 bytes.
  if (count > (hasRuns ? 128 / 3 : 1 / 2) * bytes.length) return undefined;
  const out = new Uint8Array(HEADER_BYTES + count);
  out.set(bytes.subarray(0, HEADER_BYTES));
  out[0] = 0;
  out[2] = GREY;
  out[PIXEL_BITS_AT] = 8;
  out[PIXEL_BITS_AT + 1]! &= 0xf0;
  for (let to = HEADER_BYTES; to < out.length; ) {
    const packet = hasRuns ? bytes[at++]! : 0x7f;
    const isRun = (packet & 0x80) !== 0;
    for (let left = (packet & 0x7f) + 1; left > 0 && to < out.length; left--, to++) {
      if (at + 2 > bytes.length) return undefined;
      out[to] = bytes[at]!;
      if (!isRun) at += 2;
    }
    if (isRun) at += 2;
  }
  return out;
}
