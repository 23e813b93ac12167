import { type Normalization, normalizer, type PixelImage, seededRandom } from '@residual/vision';
import { type BatchOptions, batchAssembler, checkLabel, checkSize } from './assemble-batch.ts';
import type { DataSet } from './data-set.ts';
import { shuffled } from './mix.ts';
import type { Batch } from './step-runner.ts';
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

const ORDER = 1;

/** Batches of a data set, shuffled in each epoch; what is left over of the last is left out. @throws TrainError */
export function shuffledBatches(data: DataSet, options: BatchOptions): TrainingData {
  const { batchSize, sizePx, seed } = options;
  const assemble = batchAssembler(data.classes.length, options);
  const stepsPerEpoch = Math.floor(data.size / batchSize);
  if (stepsPerEpoch === 0) {
    const got = `got ${data.size}; take a smaller batch`;
    throw new TrainError('BAD_DATA', 'data', `expected at least a batch of ${batchSize} pictures, ${got}`);
  }
  let known: { readonly epoch: number; readonly order: Uint32Array } | undefined;
  const orderOf = (epoch: number): Uint32Array => {
    if (known?.epoch !== epoch) known = { epoch, order: shuffled(data.size, seededRandom(seed, ORDER, epoch)) };
    return known.order;
  };
  return {
    batchShape: [batchSize, sizePx, sizePx, 3],
    numClasses: data.classes.length,
    stepsPerEpoch,
    async *batches(epoch, first) {
      const order = orderOf(epoch);
      for (let step = first; step < stepsPerEpoch; step++) {
        const indices = order.subarray(step * batchSize, (step + 1) * batchSize);
        const examples = await Promise.all(Array.from(indices, (index) => data.read(index)));
        yield assemble(examples, indices, epoch, step);
      }
    },
  };
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
      labels[position] = checkLabel(label, data.classes.length, start + position);
      normalize(picture, images.subarray(position * size, (position + 1) * size));
    }
    yield { images, labels, count };
  }
}
