import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, expect, test } from 'vitest';
import { hardSwish, identity, leakyRelu, relu, relu6, silu } from './activation.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const at = [-7, -4, -3.5, -1.5, -0.5, 0.5, 1.5, 3.5, 7];

// torch 1.13: nn.ReLU()(x), …, and the gradient of its sum.
test.each([
  { activation: relu, values: [0, 0, 0, 0, 0, 0.5, 1.5, 3.5, 7], gradients: [0, 0, 0, 0, 0, 1, 1, 1, 1] },
  { activation: relu6, values: [0, 0, 0, 0, 0, 0.5, 1.5, 3.5, 6], gradients: [0, 0, 0, 0, 0, 1, 1, 1, 0] },
  {
    activation: leakyRelu,
    values: [-0.07, -0.04, -0.035, -0.015, -0.005, 0.5, 1.5, 3.5, 7],
    gradients: [0.01, 0.01, 0.01, 0.01, 0.01, 1, 1, 1, 1],
  },
  {
    activation: silu,
    values: [-0.006377, -0.071945, -0.102593, -0.273638, -0.18877, 0.31123, 1.226362, 3.397407, 6.993623],
    gradients: [-0.00546, -0.052665, -0.070273, -0.041294, 0.260039, 0.739961, 1.041294, 1.070274, 1.00546],
  },
  {
    activation: hardSwish,
    values: [0, 0, 0, -0.375, -0.208333, 0.291667, 1.125, 3.5, 7],
    gradients: [0, 0, 0, 0, 0.333333, 0.666667, 1, 1, 1],
  },
])('$activation.name gives PyTorch’s values and gradients', ({ activation, values, gradients }) => {
  const x = tf.tensor1d(at);
  const y = activation.apply(x).dataSync();
  expectClose(y, values, 1e-6);
  expectClose(
    tf
      .grad((z) => activation.apply(z))(x)
      .dataSync(),
    gradients,
    1e-6,
  );
  expect(activation.isNonNegative).toBe(Math.min(...y) >= 0);
});

test('the identity gives what it is given', () => {
  const x = tf.tensor1d(at);
  expect(identity.apply(x)).toBe(x);
  expect(identity.isNonNegative).toBe(false);
});

// torch.nn.functional has them by these names; nn.Identity has none there.
test('names are PyTorch’s', () => {
  const names = [relu, relu6, leakyRelu, silu, hardSwish, identity].map(({ name }) => name);
  expect(names).toEqual(['relu', 'relu6', 'leaky_relu', 'silu', 'hardswish', 'identity']);
});
