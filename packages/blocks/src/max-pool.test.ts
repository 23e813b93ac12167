import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { maxPool } from './max-pool.ts';

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
