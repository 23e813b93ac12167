import { deterministicPicture, expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, test } from 'vitest';
import { BatchNorm2d } from './batch-norm2d.ts';
import { randomVars } from './random-vars.ts';
import { VarScope } from './var-scope.ts';

beforeEach(async () => {
  await tf.setBackend('cpu');
});

const norm = (): BatchNorm2d => new BatchNorm2d(new VarScope(randomVars()).scope('bn1'), 2);
const x = (): tf.Tensor4D => tf.tensor4d(deterministicPicture([2, 3, 4, 2]), [2, 3, 4, 2]);

test('training normalises by the batch and hands out the running statistics, assigning nothing', () => {
  const bn = norm();
  const input = x();
  const updates = new Map<string, tf.Tensor>();
  const y = tf.tidy(() => bn.forward(input, { training: true, updates }));
  const channel = [...input.dataSync()].filter((_, index) => index % 2 === 0);
  const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
  const squares = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0);

  expect(y.shape).toEqual(input.shape);
  expect([...updates.keys()]).toEqual(['bn1.running_mean', 'bn1.running_var']);
  expectClose([updates.get('bn1.running_mean')!.dataSync()[0]!], [0.1 * mean], 1e-5);
  const unbiased = squares / (channel.length - 1);
  expectClose([updates.get('bn1.running_var')!.dataSync()[0]!], [0.9 + 0.1 * unbiased], 1e-6);
  const biased = squares / channel.length;
  expectClose([y.dataSync()[0]!], [(channel[0]! - mean) / Math.sqrt(biased + 1e-5)], 1e-5);
  expect([...bn.runningMean.dataSync(), ...bn.runningVar.dataSync()]).toEqual([0, 0, 1, 1]);
});

test('evaluation and frozen training use the running statistics', () => {
  const bn = norm();
  (bn.runningMean as unknown as tf.Variable).assign(tf.tensor1d([1, 2]));
  (bn.runningVar as unknown as tf.Variable).assign(tf.tensor1d([4, 9]));
  const expected = Array.from(x().dataSync(), (v, i) => (i % 2 ? (v - 2) / 3 : (v - 1) / 2));
  expectClose(bn.forward(x()).dataSync(), expected, 1e-5);
  const updates = new Map<string, tf.Tensor>();
  expectClose(bn.forward(x(), { training: true, frozenBatchNorm: true, updates }).dataSync(), expected, 1e-5);
  expect(updates.size).toBe(0);
});

test('training goes without anybody who takes the statistics', () => {
  const updates = new Map<string, tf.Tensor>();
  const y = norm().forward(x(), { training: true }).dataSync();
  expect(y).toEqual(norm().forward(x(), { training: true, updates }).dataSync());
});

test('one value per channel cannot be normalised in training', () => {
  expect(() => norm().forward(tf.zeros([1, 1, 1, 2]), { training: true })).toThrow(
    'bn1: training needs more than one value per channel, got 1',
  );
});

// torch 1.13: nn.BatchNorm1d(2)
test('a matrix is normalised by its columns', () => {
  const bn = norm();
  const updates = new Map<string, tf.Tensor>();
  const y = bn.forward(tf.tensor2d([1, 2, 3, 6, 5, 1], [3, 2]), { training: true, updates });
  expectClose(y.dataSync(), [-1.224743, -0.46291, 0, 1.388729, 1.224743, -0.925819], 1e-5);
  expectClose(updates.get('bn1.running_mean')!.dataSync(), [0.3, 0.3], 1e-6);
  expectClose(updates.get('bn1.running_var')!.dataSync(), [1.3, 1.6], 1e-6);
});
