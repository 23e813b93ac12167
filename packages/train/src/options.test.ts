import { randomVars } from '@residual/blocks';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { tinyData, tinyOptions } from '../test/tiny.mjs';
import { adamw } from './adamw.ts';
import { orderedBatches, shuffledBatches } from './batches.ts';
import type { Checkpoint } from './checkpoint.ts';
import { oneCycle } from './schedule.ts';
import { sgd } from './sgd.ts';
import { train } from './train.ts';
import type { TrainOptions } from './training-options.ts';

beforeAll(() => tf.setBackend('cpu'));

const run = (more: Partial<TrainOptions>) =>
  train({ ...tinyOptions(), epochs: 1, initial: randomVars({ seed: 1 }), ...more });
const pixels = { mean: [0, 0, 0], std: [1, 1, 1], batchSize: 16, sizePx: 8, seed: 1 } as const;

test.each<[string, Partial<TrainOptions>, string]>([
  ['no epochs', { epochs: 0 }, 'epochs: expected a whole number from 1, got 0'],
  ['epochs that are no number', { epochs: Number.NaN }, 'epochs: expected a whole number from 1, got NaN'],
  [
    'an average of batches that there are not',
    { accumulate: 7 },
    'accumulate: expected at most the 6 batches of an epoch, got 7',
  ],
  ['evaluation after no epochs', { evaluateEvery: 0 }, 'evaluateEvery: expected a whole number from 1, got 0'],
  ['no norm of gradients', { clipNorm: 0 }, 'clipNorm: expected a number above 0, got 0'],
  ['an average that never moves', { emaDecay: 1 }, 'emaDecay: expected a number from 0 below 1, got 1'],
  ['a rate that is no number', { schedule: () => Number.NaN }, 'schedule, step 1: expected a number from 0, got NaN'],
  [
    'a scale below zero',
    { groups: [{ match: 'fc', learningRateScale: -1 }] },
    'groups: fc: learningRateScale: expected a number from 0, got -1',
  ],
  [
    'a group of nothing',
    { groups: [{ match: 'layer9' }] },
    'groups: layer9: expected a parameter of that name, got none',
  ],
  [
    'test pictures in batches of another size',
    { evaluation: () => orderedBatches(tinyData(40), { ...pixels, batchSize: 8 }) },
    "evaluation: expected batches of [16, 8, 8, 3], got 1536 numbers; take the training's batch size and picture size",
  ],
])('%s is refused', async (_, more, message) => {
  await expect(run(more)).rejects.toThrow(message);
});

test('so are batches and optimisers that cannot be', () => {
  const batches = (more: object) => () => shuffledBatches(tinyData(64), { ...pixels, ...more });
  expect(batches({ batchSize: 0 })).toThrow('batchSize: expected a whole number from 1, got 0');
  expect(batches({ mixup: -1 })).toThrow('mixup: expected a number from 0, got -1');
  expect(batches({ labelSmoothing: 1 })).toThrow('labelSmoothing: expected a number from 0 below 1, got 1');
  expect(batches({ seed: 0.5 })).toThrow('seed: expected a whole number, got 0.5');
  expect(() => sgd({ momentum: 1 })).toThrow('momentum: expected a number from 0 below 1, got 1');
  expect(() => adamw({ beta2: 1 })).toThrow('beta2: expected a number from 0 below 1, got 1');
});

test('a checkpoint of other epochs is not gone on from', async () => {
  let latest: Checkpoint | undefined;
  const checkpoints = {
    latest: async () => latest,
    save: async (checkpoint: Checkpoint) => {
      latest = checkpoint;
    },
  };
  await run({ checkpoints });
  const data = shuffledBatches(tinyData(64), pixels);
  await expect(run({ checkpoints, data, epochs: 2 })).rejects.toThrow(
    'checkpoint: expected a training of 4 steps per epoch, got one of 6; go on with the data and the batches',
  );
});

test('one cycle of few steps has rates', () => {
  for (const steps of [1, 2, 3, 5, 10])
    for (let step = 0; step < steps; step++) expect(oneCycle(0.1, steps, { rising: 1 / 3 })(step)).toBeGreaterThan(0);
});
