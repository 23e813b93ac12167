import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, test } from 'vitest';
import { paddedAveragePool } from './padded-average-pool.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('what is padded counts, at every border', () => {
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 3, 4, 1]);
  // torch 1.13: nn.AvgPool2d(3, stride, padding=1), and the gradient of the sum of the squares at stride 2.
  const halved = [1.555556, 3.333333, 3.333333, 6];
  const gradient = [
    0.345679, 1.08642, 0.740741, 0.740741, 1.08642, 3.160494, 2.074074, 2.074074, 0.740741, 2.074074, 1.333333,
    1.333333,
  ];
  const whole = [1.555556, 2.666667, 3.333333, 2.444444, 3.666667, 6, 7, 5, 3.333333, 5.333333, 6, 4.222222];
  expectClose(paddedAveragePool(x, 2).dataSync(), halved, 1e-6);
  expectClose(paddedAveragePool(x, 1).dataSync(), whole, 1e-6);
  const found = tf.grad((y) => tf.sum(tf.square(paddedAveragePool(y as tf.Tensor4D, 2))))(x);
  expectClose(found.dataSync(), gradient, 1e-6);
});
