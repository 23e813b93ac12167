import { ImageError } from './image-error.ts';
import { checkImage, isPixelCount, type PixelImage } from './pixel-image.ts';

/** How half a pixel of margin is rounded: to even as in torchvision, or down as in Hugging Face's processors. */
export type CropRounding = 'half-even' | 'floor';

/**
 * Cuts the middle `sizePx` × `sizePx` pixels; an image smaller than that is padded with black around.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html
 * @throws ImageError where the image has no pixel or `sizePx` is not a length.
 */
export function centerCrop(image: PixelImage, sizePx: number, rounding: CropRounding = 'half-even'): PixelImage {
  checkImage(image);
  if (!isPixelCount(sizePx)) throw new ImageError(`centerCrop: expected an edge of at least 1 pixel, got ${sizePx}`);
  const left = cropOffset(image.width, sizePx, rounding);
  const top = cropOffset(image.height, sizePx, rounding);
  return cut(image, left, top, sizePx);
}

/** Where a centred crop starts on an axis; negative where the image is smaller, and padding comes first. */
export function cropOffset(sizePx: number, cropPx: number, rounding: CropRounding): number {
  const margin = sizePx - cropPx;
  if (rounding === 'floor') return Math.floor(margin / 2);
  if (margin < 0) return -Math.floor(-margin / 2);
  const half = Math.floor(margin / 2);
  return margin % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

/** The `sizePx` × `sizePx` pixels from (`left`, `top`) on; what lies outside the image is black. */
export function cut(image: PixelImage, left: number, top: number, sizePx: number): PixelImage {
  const data = new Uint8ClampedArray(sizePx * sizePx * 3);
  const firstColumn = Math.max(0, left);
  const lastColumn = Math.min(image.width, left + sizePx);
  const firstRow = Math.max(0, top);
  const lastRow = Math.min(image.height, top + sizePx);
  for (let y = firstRow; y < lastRow; y++) {
    const from = y * image.width;
    const row = image.data.subarray((from + firstColumn) * 3, (from + lastColumn) * 3);
    data.set(row, ((y - top) * sizePx + firstColumn - left) * 3);
  }
  return { width: sizePx, height: sizePx, channels: 3, data };
}
