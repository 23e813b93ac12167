import { DecodeError } from '../decode-error.ts';
import type { PixelImage } from '../pixel-image.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodeWithMagick } from './magick-decoder.ts';

/**
 * Decodes a JPEG 2000. ImageMagick keeps the high byte of 16-bit grey, so the rest of it, which PIL cuts off at 255, is
 * refused unless the high byte is wanted.
 *
 * @throws DecodeError
 */
export async function decodeJpeg2000(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, grey16, source } = request;
  const size = sizeSegment(bytes);
  if (size?.components === 1 && size.bits > 8 && grey16 !== 'high-byte') {
    const got = `JPEG 2000 grey of ${size.bits} bits, of which only the high byte is decoded`;
    const problem = `expected 8 bits a sample, got ${got}; take it by grey16: 'high-byte'`;
    throw new DecodeError('FORMAT_UNSUPPORTED', source, problem);
  }
  return await decodeWithMagick(request);
}

/** The codestream's SIZ segment. @see https://www.itu.int/rec/T-REC-T.800 (annex A.5.1) */
function sizeSegment(bytes: Uint8Array): { readonly components: number; readonly bits: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 43 <= bytes.length; at++) {
    if (view.getUint32(at) !== 0xff4fff51) continue;
    return { components: view.getUint16(at + 40), bits: (view.getUint8(at + 42) & 0x7f) + 1 };
  }
  return undefined;
}
