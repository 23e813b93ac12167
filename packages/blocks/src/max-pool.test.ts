import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { maxPool, maxPoolToEnd } from './max-pool.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const negative = (): tf.Tensor4D => tf.neg(tf.reshape(tf.range(1, 26), [1, 5, 5, 1]));

// torch 1.13: nn.MaxPool2d(3, 2, 1)
test('the border of a picture of negative numbers gives none that the picture has not', () => {
  const y = maxPool(negative(), { isNonNegative: false });
  expect(y.shape).toEqual([1, 3, 3, 1]);
  expect([...y.dataSync()]).toEqual([-1, -2, -4, -6, -7, -9, -16, -17, -19]);
});

test('where no number is below zero, zeros around it do', () => {
  const x = tf.neg(negative());
  const expected = maxPool(x, { isNonNegative: false }).dataSync();
  expect(maxPool(x, { isNonNegative: true }).dataSync()).toEqual(expected);
});

// torch 1.13: nn.MaxPool2d(3, 1, 1)
test('at stride 1 every pixel has the largest around it', () => {
  const x: tf.Tensor4D = tf.reshape(tf.range(1, 10), [1, 3, 3, 1]);
  expect([...maxPool(x, { isNonNegative: true, stride: 1 }).dataSync()]).toEqual([5, 6, 6, 8, 9, 9, 8, 9, 9]);
});

// torch 1.13: nn.MaxPool2d(3, 2, ceil_mode=True)
test.each([
  [4, 5, [-1, -3, -11, -13]],
  [5, 5, [-1, -3, -11, -13]],
  [5, 4, [-1, -3, -9, -11]],
])('%i×%i: squares begin at the first pixel, and the last may be cut off', (height, width, expected) => {
  const x: tf.Tensor4D = tf.neg(tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1]));
  const y = maxPoolToEnd(x, { isNonNegative: false });
  expect(y.shape).toEqual([1, 2, 2, 1]);
  expect([...y.dataSync()]).toEqual(expected);
  const positive = tf.add(x, 100) as tf.Tensor4D;
  const shifted = expected.map((value) => value + 100);
  expect([...maxPoolToEnd(positive, { isNonNegative: true }).dataSync()]).toEqual(shifted);
});
