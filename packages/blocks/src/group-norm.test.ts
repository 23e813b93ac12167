import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, expect, test } from 'vitest';
import { evoNormS0 } from './evo-norm.ts';
import { groupNorm } from './group-norm.ts';
import type { NormType } from './norm.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const weights: Record<string, number[]> = { weight: [1, 2, -1, 0.5], bias: [0, 1, 2, -1], v: [1, 0.5, -1, 2] };
/** `[1, 2, 2, 4]`. */
const picture = Array.from({ length: 16 }, (_, index) => ((index * 7) % 11) - 3);

// torch 1.13 nn.GroupNorm(2, 4), timm 1.0 EvoNorm2dS0(4, groups=2): values, and the gradient of the sum of their squares.
test.each<{ name: string; type: NormType; values: number[]; gradients: number[] }>([
  {
    name: 'group norm',
    type: groupNorm(2),
    values: [
      -1.46313, 2.89346, 2.85302, -0.38805, 0.60246, -0.54919, 1.0728, -1.12981, -1.11886, 3.58199, 2.55632, -1.87157,
      0.94673, 0.13934, 0.7761, -0.98146,
    ],
    gradients: [
      0.56977, 1.39068, -0.77526, 0.27366, -1.58312, -0.3708, -0.17225, 0.43139, 0.21095, 1.74297, -0.67476, 0.58913,
      -1.94194, -0.01851, -0.07175, 0.39985,
    ],
  },
  {
    name: 'EvoNorm-S0',
    type: evoNormS0(2),
    values: [
      -0.04898, 3.42582, 2, 0.03846, 0.98381, 0.74005, 1.9956, -0.70863, -0.08207, 4.1815, 1.9202, -1.0011, 1.35229, 1,
      1.99811, -0.55605,
    ],
    gradients: [
      3.0538, 3.17178, -0.62998, 0.06389, -0.51916, 1.88015, 0.05435, -0.23246, 2.33812, 3.63863, -0.10627, -0.07108,
      -0.99394, 1.58583, 0.05895, -0.16542,
    ],
  },
])('$name measures groups of channels over a picture by itself', ({ type, values, gradients }) => {
  const vars = new VarScope((path, { shape }) => tf.tensor(weights[path]!, shape));
  const norm = type(vars, 4);
  const x = tf.tensor4d(picture, [1, 2, 2, 4]);
  const batch = tf.concat([x, tf.mul(x, 3)], 0) as tf.Tensor4D;
  expectClose(norm.forward(batch, { training: true }).dataSync().slice(0, 16), values, 1e-5);
  const gradient = tf.grad((y) => tf.sum(tf.square(norm.forward(y))))(x);
  expectClose(gradient.dataSync(), gradients, 1e-4);
});

test.each([groupNorm(), evoNormS0()])('channels that the groups do not divide are refused', (type) => {
  const make = (): unknown => type(new VarScope(shapesOnly, 'layer1.0.norm1'), 48);
  expect(make).toThrow('layer1.0.norm1: expected channels that 32 groups divide, got 48');
});
