import { cut } from '../crop.ts';
import { ImageError } from '../image-error.ts';
import { checkImage } from '../pixel-image.ts';
import { randomInt } from '../seeded-random.ts';
import type { Augmentation } from './augmentation.ts';

/** A square of `sizePx` from anywhere in the picture with `paddingPx` of black around. @see torchvision `RandomCrop` */
export function randomCrop(sizePx: number, { paddingPx = 0 }: { paddingPx?: number } = {}): Augmentation {
  return (image, random) => {
    checkImage(image);
    const rows = image.height + 2 * paddingPx - sizePx;
    const columns = image.width + 2 * paddingPx - sizePx;
    if (rows < 0 || columns < 0) {
      const size = `${image.width} × ${image.height}`;
      throw new ImageError(`randomCrop: expected at least ${sizePx} × ${sizePx} with the padding, got ${size}`);
    }
    const top = randomInt(random, rows + 1) - paddingPx;
    const left = randomInt(random, columns + 1) - paddingPx;
    return cut(image, left, top, sizePx);
  };
}
