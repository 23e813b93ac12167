import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, expect, test } from 'vitest';
import { averagePool } from './average-pool.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const counted = (height: number, width: number): tf.Tensor4D =>
  tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1]);

// torch 1.13: nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)
test('at an odd border the mean is of what there is', () => {
  const y = averagePool(counted(3, 5));
  expect(y.shape).toEqual([1, 2, 3, 1]);
  expectClose(y.dataSync(), [4, 6, 7.5, 11.5, 13.5, 15], 1e-6);
});

test('and its gradient is PyTorch’s', () => {
  const dy = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
  const dx = tf.grad((x) => averagePool(x as tf.Tensor4D))(counted(3, 5), dy);
  expectClose(dx.dataSync(), [0.25, 0.25, 0.5, 0.5, 1.5, 0.25, 0.25, 0.5, 0.5, 1.5, 2, 2, 2.5, 2.5, 6], 1e-6);
});

test.each([
  [4, 5],
  [5, 4],
  [4, 4],
  [1, 1],
])('%i×%i: every pixel counts once in the mean of its square', (height, width) => {
  const x = counted(height, width);
  const dx = tf
    .grad((z) => averagePool(z as tf.Tensor4D))(x)
    .dataSync();
  const rows = (row: number): number => Math.min(2, height - 2 * Math.floor(row / 2));
  const columns = (column: number): number => Math.min(2, width - 2 * Math.floor(column / 2));
  const expected = [...dx].map((_, at) => 1 / (rows(Math.floor(at / width)) * columns(at % width)));
  expectClose(dx, expected, 1e-6);
});
