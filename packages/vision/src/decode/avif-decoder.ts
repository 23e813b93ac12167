import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { type AvifHeader, avifHeader } from './avif-header.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { orientationNote, turnUpright } from './orientation.ts';
import { finish, type RawPixels, readStored, toRgb } from './sharp-decoder.ts';
import { hasMatrix, yuvToRgb } from './yuv-to-rgb.ts';

const IDENTITY_MATRIX = 0;

/**
 * Decodes an AVIF's first picture to Pillow's pixels, as it is stored or, with `orient`, turned by its properties.
 *
 * libheif repeats colour's samples where libavif blends them. So the file is read as if it had no matrix, which gives the
 * samples themselves, and they are converted here. Colours that the boxes do not tell, and those of 10 and 12 bits, are
 * libheif's.
 *
 * @throws DecodeError
 */
export async function decodeAvif(request: DecodeRequest): Promise<PixelImage> {
  const header = avifHeader(request.bytes);
  if (!header) throw damaged(request);
  checkPixelCount(request.source, header.width, header.height, request.maxPixels);
  const { colour, isGrey, depth } = header;
  const isExact = colour !== undefined && hasMatrix(colour) && !isGrey && depth === 8;
  const bytes = plainBytes(request.bytes, header, isExact);
  const stored = await readStored({ ...request, bytes }, true);
  const rgb = isExact ? yuvToRgb({ ...stored, ...header }, colour) : toRgb(stored.data, stored.channels);
  if (header.isPremultiplied) divideByAlpha(rgb, stored);
  const notes = request.orient ? [] : orientationNote(header.orientation);
  const image = finish(stored.width, stored.height, rgb, notes);
  return request.orient ? turnUpright(image, header.orientation) : image;
}

/** The file without what turns or crops its picture and, for the samples themselves, without its matrix. */
function plainBytes(original: Uint8Array, header: AvifHeader, withoutMatrix: boolean): Uint8Array {
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  if (view.getUint32(8) === 0x61766973) bytes.set([0x61, 0x76, 0x69, 0x66], 8); // avis: libvips knows avif
  for (const { type, at, start } of header.changing) {
    if (type === 'colr' && withoutMatrix) {
      view.setUint16(start + 8, IDENTITY_MATRIX);
      view.setUint8(start + 10, 0x80);
    } else if (type === 'irot' || type === 'imir') {
      bytes.set([0x69, 0x72, 0x6f, 0x74], at + 4); // irot, by no quarter
      view.setUint8(start, 0);
    } else if (type === 'clap') {
      const whole = [header.width, 1, header.height, 1, 0, 1, 0, 1];
      for (const [i, value] of whole.entries()) view.setUint32(start + 4 * i, value);
    }
  }
  return bytes;
}

/** libyuv's `ARGBUnattenuate`. */
function divideByAlpha(rgb: Uint8Array, { channels, data }: RawPixels): void {
  if (channels !== 4) return;
  for (let from = 3, to = 0; to < rgb.length; from += 4, to += 3) {
    const alpha = data[from]!;
    const inverse = alpha === 0 ? 0 : alpha === 1 ? 0xffff : Math.floor(0x10000 / alpha);
    for (let i = to; i < to + 3; i++) rgb[i] = Math.min(255, Math.floor((rgb[i]! * 0x101 * inverse) / 0x10000));
  }
}
