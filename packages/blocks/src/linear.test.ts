import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Linear } from './linear.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const values: Record<string, number[]> = { weight: [1, 2, 3, 4, 5, 6], bias: [10, 20, 30] };
const scope = (): VarScope => new VarScope((path, { shape }) => tf.tensor(values[path]!, shape));

test('each number that comes out is a sum of those that go in, and has a bias unless it is left out', () => {
  const x = tf.tensor2d([1, 1, 2, -1], [2, 2]);
  const vars = scope();
  const linear = new Linear(vars, { inFeatures: 2, outFeatures: 3 });
  expect([...linear.forward(x).dataSync()]).toEqual([15, 27, 39, 8, 19, 30]);
  expect([...vars.specs].map(([name, { trainable }]) => [name, trainable])).toEqual([
    ['weight', true],
    ['bias', true],
  ]);
  const bare = new Linear(scope(), { inFeatures: 2, outFeatures: 3, bias: false });
  expect([...bare.forward(x).dataSync()]).toEqual([5, 7, 9, -2, -1, 0]);
});
