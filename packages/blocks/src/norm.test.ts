import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { batchNorm } from './batch-norm2d.ts';
import { evoNormS0 } from './evo-norm.ts';
import { groupNorm } from './group-norm.ts';
import type { NormOptions } from './norm.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// torch 1.13 nn.BatchNorm2d and nn.GroupNorm, timm 1.0 EvoNorm2dS0: named_parameters() and named_buffers().
test.each([
  {
    title: 'batch norm',
    type: batchNorm,
    more: [
      ['running_mean', 'vector', [4], false, [0, 0, 0, 0]],
      ['running_var', 'vector', [4], false, [1, 1, 1, 1]],
    ],
  },
  { title: 'group norm', type: groupNorm(2), more: [] },
  { title: 'EvoNorm-S0', type: evoNormS0(2), more: [['v', 'vector', [4], true, [1, 1, 1, 1]]] },
])('$title starts with ones and zeros, or with zeros alone where it is asked to', ({ type, more }) => {
  const startOf = (options?: NormOptions): unknown[] => {
    const vars = new VarScope(shapesOnly);
    type(vars, 4, options);
    return [...vars.specs].map(([name, { layout, shape, trainable, initializer }]) => {
      const values = tf.tidy(() => [...initializer(shape, 1).dataSync()]);
      return [name, layout, shape, trainable, values];
    });
  };
  const bias = ['bias', 'vector', [4], true, [0, 0, 0, 0]];
  expect(startOf()).toEqual([['weight', 'vector', [4], true, [1, 1, 1, 1]], bias, ...more]);
  expect(startOf({ zeroInit: true })).toEqual([['weight', 'vector', [4], true, [0, 0, 0, 0]], bias, ...more]);
});
