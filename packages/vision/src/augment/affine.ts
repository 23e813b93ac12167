import type { PixelImage } from '../pixel-image.ts';

/** Rows `[a, b, c, d, e, f]`: the result's place (x, y), from the middle, is the picture's (ax + by + c, dx + ey + f). */
export type Matrix = readonly [number, number, number, number, number, number];

/** The picture moved by an affine map, its nearest pixels taken and black beyond its edges. @see PIL `Image.transform` */
export function transformed(image: PixelImage, [a, b, c, d, e, f]: Matrix): PixelImage {
  const { width, height, data } = image;
  const out = new Uint8ClampedArray(data.length);
  const [middleX, middleY] = [width / 2, height / 2];
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [dx, dy] = [x + 0.5 - middleX, y + 0.5 - middleY];
      const fromX = Math.floor(a * dx + b * dy + c + middleX);
      const fromY = Math.floor(d * dx + e * dy + f + middleY);
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const from = (fromY * width + fromX) * 3;
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { width, height, channels: 3, data: out };
}
