import { type Augmentation, type Normalization, normalizer, type PixelImage, seededRandom } from '@residual/vision';
import type { DataSet, Example } from './data-set.ts';
import { type MixOptions, mixBatch, shuffled } from './mix.ts';
import type { Batch } from './step-runner.ts';
import { classTargets } from './targets.ts';
import { TrainError } from './train-error.ts';

/** Where training gets its batches: the same ones for the same epoch, however often it is asked. */
export interface TrainingData {
  /** `[N, H, W, C]` of every batch. */
  readonly batchShape: readonly [number, number, number, number];
  readonly numClasses: number;
  readonly stepsPerEpoch: number;
  /** The batches of an epoch, which counts from 0, from batch number `first` on. */
  batches(epoch: number, first: number): AsyncIterable<Batch>;
}

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

const ORDER = 1;
const PICTURE = 2;
const MIX = 3;

/** Batches of a data set, shuffled in each epoch; what is left over of the last is left out. @throws TrainError */
export function shuffledBatches(data: DataSet, options: BatchOptions): TrainingData {
  const { batchSize, sizePx, seed } = options;
  const stepsPerEpoch = Math.floor(data.size / batchSize);
  if (stepsPerEpoch === 0) {
    const got = `got ${data.size}; take a smaller batch`;
    throw new TrainError('BAD_DATA', 'data', `expected at least a batch of ${batchSize} pictures, ${got}`);
  }
  const batchShape = [batchSize, sizePx, sizePx, 3] as const;
  const normalize = normalizer(options);
  return {
    batchShape,
    numClasses: data.classes.length,
    stepsPerEpoch,
    async *batches(epoch, first) {
      const order = shuffled(data.size, seededRandom(seed, ORDER, epoch));
      for (let step = first; step < stepsPerEpoch; step++) {
        const indices = order.subarray(step * batchSize, (step + 1) * batchSize);
        yield await assemble(data, normalize, indices, options, [epoch, step], batchShape);
      }
    },
  };
}

async function assemble(
  data: DataSet,
  normalize: (image: PixelImage, target: Float32Array) => Float32Array,
  indices: Uint32Array,
  options: BatchOptions,
  [epoch, step]: readonly [number, number],
  shape: readonly [number, number, number, number],
): Promise<Batch> {
  const { sizePx, seed, augment, labelSmoothing } = options;
  const size = sizePx * sizePx * 3;
  const images = new Float32Array(indices.length * size);
  const place = ({ image }: Example, position: number): void => {
    const picture = augment?.(image, seededRandom(seed, PICTURE, epoch, indices[position]!)) ?? image;
    checkSize(picture, sizePx, indices[position]!);
    normalize(picture, images.subarray(position * size, (position + 1) * size));
  };
  const labels = new Uint32Array(indices.length);
  const examples = await Promise.all(Array.from(indices, (index) => data.read(index)));
  for (const [position, example] of examples.entries()) {
    labels[position] = example.label;
    place(example, position);
  }
  const batch = { images, targets: classTargets(labels, data.classes.length, labelSmoothing) };
  return mixBatch(batch, shape, options, seededRandom(seed, MIX, epoch, step));
}

/** Pictures of a data set in order, in batches of one size: the last is filled up with zeros, which `count` leaves out. */
export async function* orderedBatches(
  data: DataSet,
  options: Normalization & {
    readonly batchSize: number;
    readonly sizePx: number;
    /** Makes a picture of `sizePx`, such as `(image) => resizeAndCrop(image, preset)`. */
    readonly prepare?: (image: PixelImage) => PixelImage;
  },
): AsyncGenerator<{ images: Float32Array; labels: Uint32Array; count: number }> {
  const { batchSize, sizePx, prepare = (image: PixelImage) => image } = options;
  const size = sizePx * sizePx * 3;
  const normalize = normalizer(options);
  for (let start = 0; start < data.size; start += batchSize) {
    const count = Math.min(batchSize, data.size - start);
    const images = new Float32Array(batchSize * size);
    const labels = new Uint32Array(count);
    const examples = await Promise.all(Array.from({ length: count }, (_, index) => data.read(start + index)));
    for (const [position, { image, label }] of examples.entries()) {
      const picture = prepare(image);
      checkSize(picture, sizePx, start + position);
      labels[position] = label;
      normalize(picture, images.subarray(position * size, (position + 1) * size));
    }
    yield { images, labels, count };
  }
}

function checkSize({ width, height }: PixelImage, sizePx: number, index: number): void {
  if (width === sizePx && height === sizePx) return;
  const expected = `expected ${sizePx} × ${sizePx} pixels after augmentation, got ${width} × ${height}`;
  throw new TrainError('BAD_DATA', `picture ${index}`, `${expected}; crop or resize it`);
}
