import { type BatchOptions, batchAssembler } from './assemble-batch.ts';
import type { TrainingData } from './batches.ts';
import { checkNumber } from './check-number.ts';
import type { Example } from './data-set.ts';
import type { Batch } from './step-runner.ts';
import { TrainError } from './train-error.ts';

/**
 * What gives the items of each epoch in their order, the same ones for the same epoch: an iterable, which starts anew in
 * each epoch, or a function that opens one for epoch `epoch` (from 0) without its first `first` items.
 *
 * A training that goes on in the middle of an epoch reads an iterable from its start and drops the items that it has
 * had; the function is asked for the rest alone.
 */
export type Stream<Item> = AsyncIterable<Item> | ((epoch: number, first: number) => AsyncIterable<Item>);

/** Of each epoch the first `stepsPerEpoch` batches are read, no further. */
export interface StreamedBatchOptions extends BatchOptions {
  /** Names of the classes, by index. */
  readonly classes: readonly string[];
  readonly stepsPerEpoch: number;
}

/**
 * Batches of examples as they come, not shuffled; augmentation depends on the seed, the epoch and the example's number.
 *
 * @throws TrainError `BAD_OPTION` for an iterator, which could not start anew; in the training, `BAD_DATA` for a stream
 * that ends too early.
 */
export function streamedBatches(examples: Stream<Example>, options: StreamedBatchOptions): TrainingData {
  const { batchSize, sizePx, stepsPerEpoch, classes } = options;
  checkStream(examples);
  checkNumber('stepsPerEpoch', stepsPerEpoch, { from: 1, isWhole: true });
  const assemble = batchAssembler(classes.length, options);
  return {
    batchShape: [batchSize, sizePx, sizePx, 3],
    numClasses: classes.length,
    stepsPerEpoch,
    async *batches(epoch, first) {
      let gathered: Example[] = [];
      let step = first;
      const end = stepsPerEpoch * batchSize;
      for await (const example of opened(examples, epoch, first * batchSize, end)) {
        gathered.push(example);
        if (gathered.length < batchSize) continue;
        const indices = gathered.map((_, position) => step * batchSize + position);
        yield assemble(gathered, indices, epoch, step);
        gathered = [];
        step += 1;
      }
    },
  };
}

/**
 * Batches that come whole.
 *
 * @throws TrainError `BAD_OPTION` for an iterator, which could not start anew; in the training, `BAD_DATA` for a batch of
 * another size or a stream that ends too early.
 */
export function wholeBatches(
  batches: Stream<Batch>,
  shape: Pick<TrainingData, 'batchShape' | 'numClasses' | 'stepsPerEpoch'>,
): TrainingData {
  const { batchShape, numClasses, stepsPerEpoch } = shape;
  checkStream(batches);
  checkNumber('stepsPerEpoch', stepsPerEpoch, { from: 1, isWhole: true });
  return {
    batchShape,
    numClasses,
    stepsPerEpoch,
    async *batches(epoch, first) {
      let step = first;
      for await (const batch of opened(batches, epoch, first, stepsPerEpoch)) {
        const place = `batch ${step} of epoch ${epoch + 1}`;
        checkLength(batch.images, batchShape, `${place}: images`);
        checkLength(batch.targets, [batchShape[0], numClasses], `${place}: targets`);
        yield batch;
        step += 1;
      }
    },
  };
}

/** An epoch's items from number `first` up to `end`. */
async function* opened<Item>(stream: Stream<Item>, epoch: number, first: number, end: number): AsyncGenerator<Item> {
  if (first >= end) return;
  const isFunction = typeof stream === 'function';
  let number = isFunction ? first : 0;
  for await (const item of isFunction ? stream(epoch, first) : stream) {
    if (number >= first) yield item;
    number += 1;
    if (number === end) return;
  }
  const got = `got the end after ${number}; take fewer steps per epoch, or a function that opens the stream anew`;
  throw new TrainError('BAD_DATA', `epoch ${epoch + 1}`, `expected a stream of ${end} items, ${got}`);
}

function checkStream(stream: Stream<unknown>): void {
  if (typeof stream === 'function' || !('next' in stream)) return;
  const got = 'got an iterator, which ends with the first; give the function that makes it';
  throw new TrainError('BAD_OPTION', 'data', `expected what can be read anew in each epoch, ${got}`);
}

function checkLength(values: Float32Array, shape: readonly number[], place: string): void {
  const expected = shape.reduce((product, size) => product * size, 1);
  if (values instanceof Float32Array && values.length === expected) return;
  const got = values instanceof Float32Array ? `${values.length}` : typeof values;
  throw new TrainError('BAD_DATA', place, `expected a Float32Array of [${shape.join(', ')}], got ${got}`);
}
