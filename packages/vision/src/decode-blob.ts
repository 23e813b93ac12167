import { DecodeError } from './decode-error.ts';
import { clearJpegOrientation } from './exif-orientation.ts';
import { copyRgb, type PixelImage } from './pixel-image.ts';
import { checkPixelCount, DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';

/** Pixels that are read back from the canvas at a time, so that its size stays small. */
const STRIPE_PIXELS = 1 << 22;

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
    return readPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

async function asStored(blob: Blob): Promise<Blob> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  clearJpegOrientation(bytes);
  return new Blob([bytes], { type: blob.type });
}

function readPixels(bitmap: ImageBitmap): PixelImage {
  const { width, height } = bitmap;
  const stripeHeight = Math.min(height, Math.max(1, Math.floor(STRIPE_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, stripeHeight);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.globalCompositeOperation = 'copy';
  const data = new Uint8ClampedArray(width * height * 3);
  for (let top = 0; top < height; top += stripeHeight) {
    const rows = Math.min(stripeHeight, height - top);
    context.drawImage(bitmap, 0, -top);
    copyRgb(context.getImageData(0, 0, width, rows).data, data, top * width * 3, rows * width);
  }
  return { width, height, channels: 3, data };
}
