import type { PixelImage } from './pixel-image.ts';

/**
 * A picture without its colours, red, green and blue each the luma of ITU-R 601-2, as PIL rounds it.
 *
 * @see PIL `Image.convert('L')`, `L24` in libImaging/Convert.c
 */
export function toGrey({ width, height, data }: PixelImage): PixelImage {
  const grey = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const luma = (data[i]! * 19595 + data[i + 1]! * 38470 + data[i + 2]! * 7471 + 0x8000) >> 16;
    grey.fill(luma, i, i + 3);
  }
  return { width, height, channels: 3, data: grey };
}
