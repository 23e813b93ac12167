import { checkImage } from '../pixel-image.ts';
import { randomBetween, randomInt } from '../seeded-random.ts';
import type { Augmentation } from './augmentation.ts';

export interface RandomErasingOptions {
  /** Default 0.5. */
  readonly probability?: number;
  /** Share of the picture's area; default 0.02 to 0.33. */
  readonly scale?: readonly [number, number];
  /** Height over width; default 0.3 to 3.3. */
  readonly ratio?: readonly [number, number];
  /** What is put in place; default black. */
  readonly color?: readonly [number, number, number];
}

const TRIES = 10;

/** Blots out a rectangle, with a probability. @see Zhong et al. 2017, arXiv:1708.04896; torchvision `RandomErasing` */
export function randomErasing(options: RandomErasingOptions = {}): Augmentation {
  const { probability = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], color = [0, 0, 0] } = options;
  return (image, random) => {
    checkImage(image);
    if (random() >= probability) return image;
    const { width, height } = image;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const area = width * height * randomBetween(random, ...scale);
      const aspect = Math.exp(randomBetween(random, Math.log(ratio[0]), Math.log(ratio[1])));
      const h = Math.round(Math.sqrt(area * aspect));
      const w = Math.round(Math.sqrt(area / aspect));
      if (w < 1 || h < 1 || w >= width || h >= height) continue;
      const top = randomInt(random, height - h + 1);
      const left = randomInt(random, width - w + 1);
      const data = Uint8ClampedArray.from(image.data);
      for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) data.set(color, (y * width + x) * 3);
      return { width, height, channels: 3, data };
    }
    return image;
  };
}
