import type { PixelImage } from '@residual/vision';

/** Draws a picture at its own size; how large it is seen is the style's. */
export function drawPixels(canvas: HTMLCanvasElement, { width, height, data }: PixelImage): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * pixel + channel] = data[3 * pixel + channel]!;
    pixels.data[4 * pixel + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}
