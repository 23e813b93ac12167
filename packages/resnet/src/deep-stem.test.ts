import { type Layers, leakyRelu, randomVars, shapesOnly, usualLayers, VarScope } from '@residual/blocks';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { deepStem } from './deep-stem.ts';
import { preActivationCifarStem, preActivationStem } from './pre-activation-stem.ts';
import { cifarStem, imagenetStem, type StemType } from './stem.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = (layers: Layers = usualLayers) => ({ inChannels: 3, outChannels: 16, layers });

test('a deep stem’s variables are called as in an nn.Sequential, its widths are the first two convolutions’', () => {
  const vars = new VarScope(shapesOnly);
  const stem = deepStem([8, 12]).make(vars, options());
  const weights = [...vars.specs].filter(([name]) => name.endsWith('.weight'));
  expect(weights.map(([name, { shape }]) => [name, shape])).toEqual([
    ['conv1.0.weight', [3, 3, 3, 8]],
    ['conv1.1.weight', [8]],
    ['conv1.3.weight', [3, 3, 8, 12]],
    ['conv1.4.weight', [12]],
    ['conv1.6.weight', [3, 3, 12, 16]],
    ['bn1.weight', [16]],
  ]);
  expect(stem.input.path).toBe('conv1.0');
});

const stems: Record<string, StemType> = {
  cifarStem,
  imagenetStem,
  'deepStem([8, 8])': deepStem([8, 8]),
  preActivationStem,
  preActivationCifarStem,
};

test.each(Object.entries(stems))('%s makes a picture smaller by its stride, rounding up', (_, type) => {
  const stem = type.make(new VarScope(randomVars({ seed: 1 })), options());
  const x = stem.convolve(tf.ones([1, 21, 33, 3]));
  const y = stem.pool?.(x) ?? x;
  expect(y.shape).toEqual([1, Math.ceil(21 / type.stride), Math.ceil(33 / type.stride), 16]);
});

test.each([
  { title: 'imagenetStem', type: imagenetStem },
  { title: 'deepStem', type: deepStem([8, 8]) },
])('$title pools negative numbers of another activation as they are', ({ type }) => {
  const layers: Layers = {
    ...usualLayers,
    // Every number is minus one before the activation.
    norm: () => ({ forward: (x) => tf.neg(tf.onesLike(x)) as typeof x }),
    activation: leakyRelu,
  };
  const stem = type.make(new VarScope(randomVars({ seed: 1 })), options(layers));
  const y = stem.pool!(stem.convolve(tf.ones([1, 16, 16, 3])));
  expect(Math.max(...y.dataSync())).toBeCloseTo(-0.01, 6);
});
