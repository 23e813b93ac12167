import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { sequenceColour } from './avif-colour.ts';
import { avifHeader } from './avif-header.ts';
import { withoutMatrix, withoutTurns } from './avif-rewrite.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { orientationNote, turnUpright } from './orientation.ts';
import { type RawPixels, readStored, toRgb } from './sharp-decoder.ts';
import { hasMatrix, yuvToRgb } from './yuv-to-rgb.ts';

/**
 * Decodes an AVIF's first picture to Pillow's pixels, as it is stored or, with `orient`, turned by its properties.
 *
 * libheif repeats colour's samples where libavif blends them. So the file is read as if it had no matrix, which gives the
 * samples themselves, and they are converted here. Those of 10 and 12 bits, and matrices that are rare, are libheif's.
 *
 * @throws DecodeError
 */
export async function decodeAvif(request: DecodeRequest): Promise<PixelImage> {
  const header = avifHeader(request.bytes);
  if (!header) throw damaged(request);
  checkPixelCount(request.source, header.width, header.height, request.maxPixels);
  const colour = header.colour ?? sequenceColour(request.bytes, header);
  const plain = withoutTurns(request.bytes, header);
  const isExact = colour !== undefined && hasMatrix(colour) && !header.isGrey && header.depth === 8;
  const samples = isExact ? withoutMatrix(plain, header) : undefined;
  const stored = await readStored({ ...request, bytes: samples ?? plain }, true);
  const rgb = isExact && samples ? yuvToRgb({ ...stored, ...header }, colour) : toRgb(stored.data, stored.channels);
  if (header.isPremultiplied) divideByAlpha(rgb, stored);
  const notes = request.orient ? [] : orientationNote(header.orientation);
  const image = decodedImage(stored.width, stored.height, rgb, notes);
  return request.orient ? turnUpright(image, header.orientation) : image;
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
