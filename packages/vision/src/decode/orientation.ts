import type { ImageNote } from '../image-note.ts';
import type { PixelImage } from '../pixel-image.ts';

/** A note where EXIF orientation 2 to 8 was left as it is. */
export function orientationNote(orientation: number | undefined): readonly ImageNote[] {
  if (orientation === undefined || orientation < 2 || orientation > 8) return [];
  const text = `its EXIF orientation ${orientation} was not applied, as in PIL; orient: true turns it upright`;
  return [{ code: 'ORIENTATION_NOT_APPLIED', text }];
}

/** Where the pixel at (x, y) of the upright picture lies in the stored one, by EXIF orientation. */
const STORED: Readonly<Record<number, (x: number, y: number, width: number, height: number) => [number, number]>> = {
  2: (x, y, width) => [width - 1 - x, y],
  3: (x, y, width, height) => [width - 1 - x, height - 1 - y],
  4: (x, y, _width, height) => [x, height - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _width, height) => [y, height - 1 - x],
  7: (x, y, width, height) => [width - 1 - y, height - 1 - x],
  8: (x, y, width) => [width - 1 - y, x],
};

/** The picture turned upright from how EXIF orientation (1 to 8) says that it is stored; PIL's `exif_transpose`. */
export function turnUpright(image: PixelImage, orientation: number): PixelImage {
  const stored = STORED[orientation];
  if (!stored) return image;
  const [width, height] = orientation >= 5 ? [image.height, image.width] : [image.width, image.height];
  const at = (x: number, y: number): number => {
    const [fromX, fromY] = stored(x, y, image.width, image.height);
    return 3 * (fromY * image.width + fromX);
  };
  const origin = at(0, 0);
  const stepX = at(1, 0) - origin;
  const stepY = at(0, 1) - origin;
  const data = new Uint8Array(image.data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = origin + y * stepY; x < width; x++, to += 3, from += stepX) {
      data[to] = image.data[from]!;
      data[to + 1] = image.data[from + 1]!;
      data[to + 2] = image.data[from + 2]!;
    }
  }
  return { ...image, width, height, data };
}
