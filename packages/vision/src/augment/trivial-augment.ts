import { checkImage, type PixelImage } from '../pixel-image.ts';
import { randomInt } from '../seeded-random.ts';
import { type Matrix, transformed } from './affine.ts';
import type { Augmentation } from './augmentation.ts';
import { adjustBrightness, adjustContrast, adjustSaturation } from './color.ts';
import { autoContrast, equalize, posterize, sharpen, solarize } from './levels.ts';

type Change = (image: PixelImage, magnitude: number) => PixelImage;

const BINS = 31;

/** Reach of each change in the wide space, and whether its sign is drawn. */
interface Row {
  readonly change: Change;
  readonly reach: readonly [number, number];
  readonly isSigned: boolean;
}

/**
 * One change at random, of random strength, from the wide space.
 *
 * @see Müller & Hutter 2021, arXiv:2103.10158; torchvision `TrivialAugmentWide`
 */
export function trivialAugmentWide(): Augmentation {
  const rows = changes();
  return (image, random) => {
    checkImage(image);
    const { change, reach, isSigned } = rows[randomInt(random, rows.length)]!;
    const strength = randomInt(random, BINS) / (BINS - 1);
    const sign = isSigned && random() < 0.5 ? -1 : 1;
    return change(image, sign * (reach[0] + (reach[1] - reach[0]) * strength));
  };
}

function changes(): Row[] {
  const signed = (change: Change, most: number): Row => ({ change, reach: [0, most], isSigned: true });
  const plain = (change: Change, from: number, to: number): Row => ({ change, reach: [from, to], isSigned: false });
  const affine =
    (matrix: (magnitude: number) => Matrix): Change =>
    (image, magnitude) =>
      transformed(image, matrix(magnitude));
  return [
    plain((image) => image, 0, 0),
    signed(
      affine((shear) => [1, shear, 0, 0, 1, 0]),
      0.99,
    ),
    signed(
      affine((shear) => [1, 0, 0, shear, 1, 0]),
      0.99,
    ),
    signed(
      affine((shift) => [1, 0, -Math.trunc(shift), 0, 1, 0]),
      32,
    ),
    signed(
      affine((shift) => [1, 0, 0, 0, 1, -Math.trunc(shift)]),
      32,
    ),
    signed(affine(rotation), 135),
    signed((image, factor) => adjustBrightness(image, 1 + factor), 0.99),
    signed((image, factor) => adjustSaturation(image, 1 + factor), 0.99),
    signed((image, factor) => adjustContrast(image, 1 + factor), 0.99),
    signed((image, factor) => sharpen(image, 1 + factor), 0.99),
    plain((image, cut) => posterize(image, 8 - Math.round(cut)), 0, 6),
    plain(solarize, 255, 0),
    plain(autoContrast, 0, 0),
    plain(equalize, 0, 0),
  ];
}

/** From a place in the result to one in the picture, about the middle. */
function rotation(degrees: number): Matrix {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0];
}
