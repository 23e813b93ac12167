import { DecodeError } from '../decode-error.ts';
import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { codestreamHeader, greyWithAlphaFile } from './jpeg2000-header.ts';
import { decodeWithMagick } from './magick-decoder.ts';
import { unsupported } from './unsupported.ts';

/**
 * Decodes a JPEG 2000. ImageMagick keeps the high byte of 16-bit grey, so the rest of it, which PIL cuts off at 255, is
 * refused unless the high byte is wanted; colours of more than 8 bits, which PIL rounds otherwise, are refused. Samples of
 * fewer bits become the high bits of a byte, as PIL has them.
 *
 * @throws DecodeError
 */
export async function decodeJpeg2000(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, grey16, source, maxPixels } = request;
  const header = codestreamHeader(bytes);
  if (!header) throw damaged(request);
  const { width, height, bits, isBare } = header;
  checkPixelCount(source, width, height, maxPixels);
  const depth = Math.max(...bits);
  if (bits.length === 1 && depth > 8 && grey16 !== 'high-byte') {
    const got = `JPEG 2000 grey of ${depth} bits, of which only the high byte is decoded`;
    const problem = `expected 8 bits a sample, got ${got}; take it by grey16: 'high-byte'`;
    throw new DecodeError('FORMAT_UNSUPPORTED', source, problem);
  }
  if (bits.length > 1 && (depth > 8 || bits.some((one) => one !== depth))) {
    throw unsupported(
      request,
      `a JPEG 2000 picture of ${[...new Set(bits)].join(' and ')} bits a sample`,
      'save it in 8',
    );
  }
  const image = await decodeWithMagick(
    isBare && bits.length === 2 ? { ...request, bytes: greyWithAlphaFile(bytes, header) } : request,
  );
  if (depth >= 8) return image;
  const most = 2 ** depth - 1;
  const data = image.data as Uint8Array;
  return { ...image, data: data.map((value) => Math.round((value * most) / 255) << (8 - depth)) };
}
