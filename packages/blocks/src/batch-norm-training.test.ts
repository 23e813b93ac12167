import { deterministicPicture, expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BATCH_NORM_TRAINING, BATCH_NORM_TRAINING_GRAD, batchNormTraining } from './batch-norm-training.ts';

type Inputs = Readonly<Record<string, tf.TensorInfo>>;

const EPSILON = 1e-3;
const asked: string[] = [];

/** `[N, H, W, C]` by its own statistics. */
function normalise(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: number): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))), scale), offset);
}

/** Of a batch of 2 × 3 × 4 pixels of 2 channels: the output, the gradients of the sum of its squares, and the statistics. */
function normalised(): { values: number[][]; statistics: number[][] } {
  const shape: [number, number, number, number] = [2, 3, 4, 2];
  const x = tf.tensor4d(deterministicPicture(shape), shape);
  const scale = tf.tensor1d([2, -1]);
  const offset = tf.tensor1d([0.5, 3]);
  const statistics: number[][] = [];
  const take = (mean: tf.Tensor, variance: tf.Tensor): void => {
    statistics.push([...mean.dataSync()], [...variance.dataSync()]);
  };
  const forward = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor4D =>
    batchNormTraining(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, EPSILON, take);
  const y = forward(x, scale, offset);
  const measured = statistics.splice(0);
  const gradients = tf.grads((a, b, c) => tf.sum(tf.square(forward(a!, b!, c!))))([x, scale, offset]);
  return { values: [y, ...gradients].map((value) => [...value.dataSync()]), statistics: measured };
}

let elsewhere: ReturnType<typeof normalised>;

beforeAll(async () => {
  await tf.setBackend('cpu');
  elsewhere = normalised();
  tf.registerKernel({
    kernelName: BATCH_NORM_TRAINING,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      asked.push(BATCH_NORM_TRAINING);
      const { x, scale, offset } = inputs as Inputs as Record<string, tf.Tensor>;
      const { mean, variance } = tf.moments(x!, [0, 1, 2]);
      return [normalise(x!, scale!, offset!, attrs!['varianceEpsilon'] as number), mean, variance];
    },
  });
  tf.registerKernel({
    kernelName: BATCH_NORM_TRAINING_GRAD,
    backendName: 'cpu',
    // Batch norm's gradient as Ioffe & Szegedy 2015 have it, section 3.
    kernelFunc: ({ inputs, attrs }) => {
      asked.push(BATCH_NORM_TRAINING_GRAD);
      const { dy, x, scale, mean, variance } = inputs as Inputs as Record<string, tf.Tensor>;
      const inverse = tf.rsqrt(tf.add(variance!, attrs!['varianceEpsilon'] as number));
      const centred = tf.mul(tf.sub(x!, mean!), inverse);
      const [dScale, dOffset] = [tf.sum(tf.mul(dy!, centred), [0, 1, 2]), tf.sum(dy!, [0, 1, 2])];
      const count = x!.size / scale!.size;
      const drift = tf.div(tf.add(dOffset, tf.mul(centred, dScale)), count);
      return [tf.mul(tf.mul(scale!, inverse), tf.sub(dy!, drift)), dScale, dOffset];
    },
  });
});
afterAll(() => {
  for (const kernel of [BATCH_NORM_TRAINING, BATCH_NORM_TRAINING_GRAD]) tf.unregisterKernel(kernel, 'cpu');
});

test('a backend that has it as one operation gives the numbers, gradients and statistics of the others', () => {
  const { values, statistics } = normalised();
  expect(asked).toEqual([BATCH_NORM_TRAINING, BATCH_NORM_TRAINING, BATCH_NORM_TRAINING_GRAD]);
  expect(statistics).toHaveLength(2);
  for (const [at, expected] of elsewhere.statistics.entries()) expectClose(statistics[at]!, expected, 1e-5);
  expect(values).toHaveLength(4);
  for (const [at, expected] of elsewhere.values.entries()) expectClose(values[at]!, expected, 1e-4, `value ${at}`);
});
