import type { PixelImage } from '../pixel-image.ts';
import type { Random } from '../seeded-random.ts';

/** Changes a picture at random: a pure function of the picture and the numbers that it draws. */
export type Augmentation = (image: PixelImage, random: Random) => PixelImage;

/** One after another. */
export function chainAugmentations(...augmentations: readonly Augmentation[]): Augmentation {
  return (image, random) => augmentations.reduce((picture, augment) => augment(picture, random), image);
}
