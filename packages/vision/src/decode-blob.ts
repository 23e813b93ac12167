import { DecodeError } from './decode-error.ts';
import { clearJpegOrientation } from './exif-orientation.ts';
import type { PixelImage } from './pixel-image.ts';
import { checkPixelCount, DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';
import { readBitmap } from './read-bitmap.ts';

/**
 * Decodes a picture in the browser, on a page or in a worker, with no colour management.
 *
 * The pixels are PIL's, with two exceptions: a canvas loses colour under transparency (fully transparent pixels come out
 * black), and CMYK is converted by the browser.
 *
 * @throws DecodeError where the browser cannot decode it, or it has more than `maxPixels`.
 */
export async function decodeBlob(blob: Blob, options: DecodeOptions = {}): Promise<PixelImage> {
  const { orient = false, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const source = blob instanceof File ? blob.name : 'image';
  if (blob.size === 0) throw new DecodeError('FILE_EMPTY', source, 'expected a picture, got an empty file');
  const bitmap = await createImageBitmap(orient ? blob : await asStored(blob), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
    imageOrientation: 'from-image',
  }).catch((cause: unknown) => {
    const problem = `expected a picture that this browser decodes, got ${blob.type || 'an unknown type'}`;
    throw new DecodeError('NOT_AN_IMAGE', source, `${problem}; convert it to JPEG or PNG`, cause);
  });
  try {
    checkPixelCount(source, bitmap.width, bitmap.height, maxPixels);
    return readBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}

async function asStored(blob: Blob): Promise<Blob> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  clearJpegOrientation(bytes);
  return new Blob([bytes], { type: blob.type });
}
