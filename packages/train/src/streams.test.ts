import { seededRandom } from '@residual/vision';
import { expect, test } from 'vitest';
import { tinyData } from '../test/tiny.mjs';
import type { Example } from './data-set.ts';
import type { Batch } from './step-runner.ts';
import { streamedBatches, wholeBatches } from './streams.ts';

const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1], batchSize: 4, sizePx: 8, seed: 1 } as const;
const OPTIONS = { ...PLAIN, classes: ['a', 'b', 'c', 'd'], stepsPerEpoch: 3 };

async function gathered(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Opens streams of 14 pictures, and says how many of them were read and how many closed. */
function counted(
  epoch: number,
  first: number,
): { stream: AsyncIterable<Example>; read: () => number; closed: () => boolean } {
  let read = 0;
  let closed = false;
  async function* stream(): AsyncGenerator<Example> {
    try {
      for (let index = first; index < 14; index++) {
        read += 1;
        yield await tinyData(64).read(20 * epoch + index);
      }
    } finally {
      closed = true;
    }
  }
  return { stream: { [Symbol.asyncIterator]: stream }, read: () => read, closed: () => closed };
}

test('an iterable starts anew in each epoch; what a training has had is read and dropped when it goes on', async () => {
  const { stream, read, closed } = counted(0, 0);
  const data = streamedBatches(stream, OPTIONS);
  const whole = await gathered(data.batches(0, 0));
  expect([whole.length, read(), closed()]).toEqual([3, 12, true]);
  expect(await gathered(data.batches(0, 2))).toEqual(whole.slice(2));
  expect(read()).toBe(24);
  expect(await gathered(data.batches(1, 0))).toEqual(whole);
});

test('a function is asked for the rest of an epoch alone', async () => {
  const asked: [number, number][] = [];
  const data = streamedBatches((epoch, first) => {
    asked.push([epoch, first]);
    return counted(epoch, first).stream;
  }, OPTIONS);
  const [whole, rest, next] = [
    await gathered(data.batches(0, 0)),
    await gathered(data.batches(0, 2)),
    await gathered(data.batches(1, 0)),
  ];
  expect(rest).toEqual(whole.slice(2));
  expect(next).not.toEqual(whole);
  expect(await gathered(data.batches(0, 3))).toEqual([]);
  expect(asked).toEqual([
    [0, 0],
    [0, 8],
    [1, 0],
  ]);
});

test('augmentation of an example depends on the seed, the epoch and its number', async () => {
  const numbers = new Map<string, number[]>();
  for (const [epoch, first] of [
    [0, 0],
    [0, 2],
    [1, 0],
  ] as const) {
    const drawn: number[] = [];
    const data = streamedBatches(counted(0, 0).stream, {
      ...OPTIONS,
      augment(image, random) {
        drawn.push(random());
        return image;
      },
    });
    await gathered(data.batches(epoch, first));
    numbers.set(`${epoch},${first}`, drawn);
  }
  expect(numbers.get('0,2')).toEqual(numbers.get('0,0')!.slice(8));
  expect(numbers.get('1,0')).not.toEqual(numbers.get('0,0'));
  expect(new Set(numbers.get('0,0')).size).toBe(12);
  expect(numbers.get('0,0')![0]).toBe(seededRandom(1, 2, 0, 0)());
});

test('batches that come whole', async () => {
  const batch = (step: number): Batch => ({
    images: new Float32Array(4 * 192).fill(step),
    targets: new Float32Array(16),
  });
  const shape = { batchShape: [4, 8, 8, 3], numClasses: 4, stepsPerEpoch: 2 } as const;
  async function* open(epoch: number, first: number): AsyncGenerator<Batch> {
    for (let step = first; ; step++) yield batch(10 * epoch + step);
  }
  const data = wholeBatches(open, shape);
  expect((await gathered(data.batches(3, 1))).map(({ images }) => images[0])).toEqual([31]);
  const wrong = wholeBatches(open, { ...shape, numClasses: 5 });
  await expect(gathered(wrong.batches(0, 1))).rejects.toThrow(
    'batch 1 of epoch 1: targets: expected a Float32Array of [4, 5], got 16',
  );
});

test('what cannot serve is said', async () => {
  const short = streamedBatches(counted(0, 0).stream, { ...OPTIONS, stepsPerEpoch: 4 });
  await expect(gathered(short.batches(1, 0))).rejects.toThrow(
    'epoch 2: expected a stream of 16 items, got the end after 14; take fewer steps per epoch, or a function that opens the stream anew',
  );
  const generator = counted(0, 0).stream[Symbol.asyncIterator]() as AsyncGenerator<Example>;
  expect(() => streamedBatches(generator, OPTIONS)).toThrow(/got an iterator, .* give the function that makes it/);
  expect(() => streamedBatches(counted(0, 0).stream, { ...OPTIONS, stepsPerEpoch: 0 })).toThrow(/^stepsPerEpoch/);
  const labels = streamedBatches(counted(0, 0).stream, { ...OPTIONS, classes: ['a', 'b', 'c'] });
  await expect(gathered(labels.batches(0, 0))).rejects.toThrow(
    'label of picture 3: expected the index of one of 3 classes, got 3; name all classes, or mend the label',
  );
});
