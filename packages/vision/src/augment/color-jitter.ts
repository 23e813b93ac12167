import { checkImage, type PixelImage } from '../pixel-image.ts';
import { type Random, randomBetween, randomInt } from '../seeded-random.ts';
import type { Augmentation } from './augmentation.ts';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color.ts';

/** How far each may go from 1 (brightness, contrast, saturation) or from 0 (hue, at most 0.5); default 0. */
export interface ColorJitterOptions {
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  readonly hue?: number;
}

/** Brightness, contrast, saturation and hue at random, in random order. @see torchvision `ColorJitter` */
export function colorJitter(options: ColorJitterOptions): Augmentation {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
  const factor = (random: Random, reach: number): number => randomBetween(random, Math.max(0, 1 - reach), 1 + reach);
  const changes: ((image: PixelImage, random: Random) => PixelImage)[] = [];
  if (brightness > 0) changes.push((image, random) => adjustBrightness(image, factor(random, brightness)));
  if (contrast > 0) changes.push((image, random) => adjustContrast(image, factor(random, contrast)));
  if (saturation > 0) changes.push((image, random) => adjustSaturation(image, factor(random, saturation)));
  if (hue > 0) changes.push((image, random) => adjustHue(image, randomBetween(random, -hue, hue)));
  return (image, random) => {
    checkImage(image);
    const left = [...changes];
    let picture = image;
    while (left.length > 0) picture = left.splice(randomInt(random, left.length), 1)[0]!(picture, random);
    return picture;
  };
}
