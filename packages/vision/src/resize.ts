import { ImageError } from './image-error.ts';
import type { Interpolation } from './interpolation.ts';
import { checkImage, isPixelCount, type PixelImage } from './pixel-image.ts';
import { resampleRegion } from './resample.ts';

/** Size in pixels, and the filter to get there. */
export interface ResizeOptions {
  readonly width: number;
  readonly height: number;
  /** Default `'bilinear'`, as torchvision's `Resize`. */
  readonly interpolation?: Interpolation;
}

/**
 * Resizes with PIL's antialiased filters: no pixel differs from PIL's `Image.resize`.
 *
 * @throws ImageError where the image or the size has no pixel, or the filter is unknown.
 */
export function resize(image: PixelImage, { width, height, interpolation = 'bilinear' }: ResizeOptions): PixelImage {
  checkImage(image);
  if (!isPixelCount(width) || !isPixelCount(height)) {
    throw new ImageError(`resize: expected a size of at least 1 × 1 pixel, got ${width} × ${height}`);
  }
  return resampleRegion(image, { width, height, interpolation }, { left: 0, top: 0, width, height });
}

/**
 * Resizes the shorter edge to `sizePx`, keeping the aspect; returns the image itself where that edge has this length.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html
 * @throws ImageError where the image has no pixel, `sizePx` is not a length, or the filter is unknown.
 */
export function resizeShortestEdge(
  image: PixelImage,
  sizePx: number,
  interpolation: Interpolation = 'bilinear',
): PixelImage {
  checkImage(image);
  const { width, height } = shortestEdgeSize(image, sizePx);
  if (width === image.width && height === image.height) return image;
  return resize(image, { width, height, interpolation });
}

/** The size of `image` when its shorter edge becomes `sizePx`; the longer is cut to a whole pixel, as in torchvision. */
export function shortestEdgeSize(
  image: { readonly width: number; readonly height: number },
  sizePx: number,
): { width: number; height: number } {
  if (!isPixelCount(sizePx)) throw new ImageError(`resize: expected an edge of at least 1 pixel, got ${sizePx}`);
  const short = Math.min(image.width, image.height);
  const long = Math.max(image.width, image.height);
  const longPx = Math.trunc((sizePx * long) / short);
  return image.width <= image.height ? { width: sizePx, height: longPx } : { width: longPx, height: sizePx };
}
