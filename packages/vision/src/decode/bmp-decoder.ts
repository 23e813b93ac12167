import type { PixelImage } from '../pixel-image.ts';
import type { DecodeRequest } from './decode-request.ts';
import { restretch } from './five-bits.ts';
import { decodeWithMagick } from './magick-decoder.ts';

const GREEN_OF_SIX_BITS = 0x7e0;

/**
 * Decodes a BMP, of 16 bits a pixel with PIL's rounding.
 *
 * @throws DecodeError
 */
export async function decodeBmp(request: DecodeRequest): Promise<PixelImage> {
  const image = await decodeWithMagick(request);
  const view = new DataView(request.bytes.buffer, request.bytes.byteOffset, request.bytes.byteLength);
  const isOld = view.getUint32(14, true) < 40;
  if (isOld || view.getUint16(28, true) !== 16) return image;
  const hasMasks = view.getUint32(30, true) === 3;
  const green = hasMasks && view.getUint32(58, true) === GREEN_OF_SIX_BITS ? 6 : 5;
  return { ...image, data: restretch(image.data as Uint8Array, [5, green, 5]) };
}
