import { copyRgb, type PixelImage } from './pixel-image.ts';

/** Pixels that are read back from the canvas at a time, so that its size stays small. */
const STRIPE_PIXELS = 1 << 22;

/**
 * The pixels of a browser's bitmap, such as `createImageBitmap` makes of a canvas or a video's frame, its alpha dropped.
 * The bitmap stays open.
 */
export function readBitmap(bitmap: ImageBitmap): PixelImage {
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
