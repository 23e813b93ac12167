import type { PixelImage } from '../pixel-image.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { iconEntry } from './icon-entry.ts';
import { decodeWithMagick } from './magick-decoder.ts';
import { decodeWithSharp } from './sharp-decoder.ts';

/**
 * Decodes the largest picture of an icon.
 *
 * @throws DecodeError
 */
export async function decodeIcon(request: DecodeRequest): Promise<PixelImage> {
  const entry = iconEntry(request.bytes);
  if (!entry) throw damaged(request);
  const alone = { ...request, bytes: entry.bytes, orient: true };
  return await (entry.isPng ? decodeWithSharp(alone) : decodeWithMagick(alone));
}
