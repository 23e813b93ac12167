import { type Augmentation, type Normalization, normalizer, type PixelImage, seededRandom } from '@residual/vision';
import { checkNumber } from './check-number.ts';
import type { Example } from './data-set.ts';
import { type MixOptions, mixBatch } from './mix.ts';
import type { Batch } from './step-runner.ts';
import { classTargets } from './targets.ts';
import { TrainError } from './train-error.ts';

export interface BatchOptions extends MixOptions, Normalization {
  readonly batchSize: number;
  /** Edge of the square that the model sees. */
  readonly sizePx: number;
  /** A whole number; order and augmentation depend on it, the epoch and the picture's index alone. */
  readonly seed: number;
  readonly augment?: Augmentation;
  /** Default 0. */
  readonly labelSmoothing?: number;
}

const PICTURE = 2;
const MIX = 3;

/**
 * Makes batches of examples: augments, normalises and mixes them, with numbers that depend on the seed and on where they are.
 *
 * @throws TrainError `BAD_OPTION`
 */
export function batchAssembler(
  numClasses: number,
  options: BatchOptions,
): (examples: readonly Example[], indices: ArrayLike<number>, epoch: number, step: number) => Batch {
  const { batchSize, sizePx, seed, augment, labelSmoothing } = options;
  const positive = { from: 1, isWhole: true };
  checkNumber('batchSize', batchSize, positive);
  checkNumber('sizePx', sizePx, positive);
  checkNumber('seed', seed, { isWhole: true });
  checkNumber('labelSmoothing', labelSmoothing, { from: 0, below: 1 });
  checkNumber('mixup', options.mixup, { from: 0 });
  checkNumber('cutmix', options.cutmix, { from: 0 });
  const size = sizePx * sizePx * 3;
  const normalize = normalizer(options);
  return (examples, indices, epoch, step) => {
    const images = new Float32Array(examples.length * size);
    const labels = new Uint32Array(examples.length);
    for (const [position, { image, label }] of examples.entries()) {
      const index = indices[position]!;
      labels[position] = checkLabel(label, numClasses, index);
      const picture = augment?.(image, seededRandom(seed, PICTURE, epoch, index)) ?? image;
      checkSize(picture, sizePx, index);
      normalize(picture, images.subarray(position * size, (position + 1) * size));
    }
    const batch = { images, targets: classTargets(labels, numClasses, labelSmoothing) };
    return mixBatch(batch, [batchSize, sizePx, sizePx, 3], options, seededRandom(seed, MIX, epoch, step));
  };
}

/** @throws TrainError */
export function checkSize({ width, height }: PixelImage, sizePx: number, index: number): void {
  if (width === sizePx && height === sizePx) return;
  const expected = `expected ${sizePx} × ${sizePx} pixels after augmentation, got ${width} × ${height}`;
  throw new TrainError('BAD_DATA', `picture ${index}`, `${expected}; crop or resize it`);
}

/** @throws TrainError */
export function checkLabel(label: number, numClasses: number, index: number): number {
  if (Number.isInteger(label) && label >= 0 && label < numClasses) return label;
  const expected = `expected the index of one of ${numClasses} classes, got ${label}`;
  throw new TrainError('BAD_DATA', `label of picture ${index}`, `${expected}; name all classes, or mend the label`);
}
