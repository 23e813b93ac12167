import type { Interpolation } from '../interpolation.ts';
import { checkImage, type PixelImage } from '../pixel-image.ts';
import { resize } from '../resize.ts';
import { type Random, randomBetween, randomInt } from '../seeded-random.ts';
import type { Augmentation } from './augmentation.ts';

export interface RandomResizedCropOptions {
  /** Share of the picture's area; default 0.08 to 1. */
  readonly scale?: readonly [number, number];
  /** Width over height; default 3/4 to 4/3. */
  readonly ratio?: readonly [number, number];
  /** Default `bilinear`. */
  readonly interpolation?: Interpolation;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const TRIES = 10;

/** A part of random area and aspect, resized to a square of `sizePx`. @see torchvision `RandomResizedCrop` */
export function randomResizedCrop(sizePx: number, options: RandomResizedCropOptions = {}): Augmentation {
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = 'bilinear' } = options;
  return (image, random) => {
    checkImage(image);
    const box = randomBox(image, random, scale, ratio) ?? centralBox(image, ratio);
    return resize(part(image, box), { width: sizePx, height: sizePx, interpolation });
  };
}

function randomBox(
  { width, height }: PixelImage,
  random: Random,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Box | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * randomBetween(random, ...scale);
    const aspect = Math.exp(randomBetween(random, Math.log(ratio[0]), Math.log(ratio[1])));
    const w = Math.round(Math.sqrt(area * aspect));
    const h = Math.round(Math.sqrt(area / aspect));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: randomInt(random, height - h + 1), left: randomInt(random, width - w + 1), width: w, height: h };
  }
  return undefined;
}

/** The largest part in the middle whose aspect is allowed. */
function centralBox({ width, height }: PixelImage, [narrow, wide]: readonly [number, number]): Box {
  const w = width / height > wide ? Math.round(height * wide) : width;
  const h = width / height < narrow ? Math.round(width / narrow) : height;
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

function part(image: PixelImage, { left, top, width, height }: Box): PixelImage {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, channels: 3, data };
}
