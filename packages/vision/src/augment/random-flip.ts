import { checkImage, type PixelImage } from '../pixel-image.ts';
import type { Augmentation } from './augmentation.ts';

/** Left for right, with a probability. @see torchvision `RandomHorizontalFlip` */
export function randomFlip(probability = 0.5): Augmentation {
  return (image, random) => (random() < probability ? flipped(image) : image);
}

function flipped(image: PixelImage): PixelImage {
  checkImage(image);
  const { width, height, data } = image;
  const mirrored = new Uint8ClampedArray(data.length);
  for (let y = 0; y < height; y++) {
    let to = y * width * 3;
    for (let from = to + (width - 1) * 3; from >= y * width * 3; from -= 3) {
      mirrored[to++] = data[from]!;
      mirrored[to++] = data[from + 1]!;
      mirrored[to++] = data[from + 2]!;
    }
  }
  return { width, height, channels: 3, data: mirrored };
}
