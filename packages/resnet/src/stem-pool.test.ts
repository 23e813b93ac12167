import { randomVars, shapesOnly, usualLayers, VarScope } from '@residual/blocks';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { deepStem } from './deep-stem.ts';
import { convolutionStem, type StemType } from './stem.ts';
import {
  averagePooling,
  blurredMaxPooling,
  convolutionPooling,
  maxPooling,
  maxPoolingToEnd,
  type StemPool,
} from './stem-pool.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const poolings: { name: string; pool: StemPool; sizes: [number, number] }[] = [
  { name: 'maxPooling', pool: maxPooling, sizes: [3, 4] },
  { name: 'maxPoolingToEnd', pool: maxPoolingToEnd, sizes: [2, 4] },
  { name: 'averagePooling', pool: averagePooling, sizes: [2, 4] },
  { name: 'blurredMaxPooling', pool: blurredMaxPooling, sizes: [3, 4] },
  { name: 'convolutionPooling', pool: convolutionPooling, sizes: [3, 4] },
];

// torch 1.13 gives these sizes.
test.each(poolings)('$name makes $sizes of 5×8', ({ pool, sizes }) => {
  const vars = new VarScope(randomVars({ seed: 1 }));
  const y = pool(vars, { channels: 4, layers: usualLayers })(tf.ones([1, 5, 8, 4]));
  expect(y.shape).toEqual([1, ...sizes, 4]);
});

test('only a convolution has variables, called after what it replaces', () => {
  const namesOf = ({ pool }: { pool: StemPool }): string[] => {
    const vars = new VarScope(shapesOnly);
    pool(vars, { channels: 4, layers: usualLayers });
    return [...vars.specs.keys()].filter((name) => name.endsWith('weight'));
  };
  const convolution = ['maxpool.0.weight', 'maxpool.1.weight'];
  expect(poolings.map(namesOf)).toEqual([[], [], [], [], convolution]);
});

const names = [1, 2, 3].map((number) => ({ conv: `layer0.conv${number}`, norm: `layer0.bn${number}` }));
const stems: { kind: string; stem: StemType; convolutions: string[] }[] = [
  {
    kind: 'one convolution',
    stem: convolutionStem({ pool: averagePooling, names: names[0]! }),
    convolutions: ['layer0.conv1.weight'],
  },
  {
    kind: 'three',
    stem: deepStem([4, 4], { pool: averagePooling, names }),
    convolutions: ['layer0.conv1.weight', 'layer0.conv2.weight', 'layer0.conv3.weight'],
  },
];

test.each(stems)('a stem of $kind has the names and the pooling that it is given', ({ stem, convolutions }) => {
  const vars = new VarScope(randomVars({ seed: 1 }));
  const made = stem.make(vars, { inChannels: 3, outChannels: 8, layers: usualLayers });
  expect([...vars.entries.keys()].filter((name) => /conv\d.weight/.test(name))).toEqual(convolutions);
  expect(made.input.path).toBe('layer0.conv1');
  expect(made.pool!(made.convolve(tf.ones([1, 10, 12, 3]))).shape).toEqual([1, 2, 3, 8]); // of 5×6, whole squares
});
