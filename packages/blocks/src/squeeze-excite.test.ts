import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { activated } from './activated.ts';
import { relu6, silu } from './activation.ts';
import type { AttentionType } from './attention.ts';
import { bottleneck } from './bottleneck.ts';
import { type Layers, usualLayers } from './layers.ts';
import { shapesOnly } from './shapes-only.ts';
import { type SqueezeExciteOptions, squeezeExcite } from './squeeze-excite.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// timm 1.0: make_divisible(channels * ratio, divisor, round_limit=0.)
test.each([
  { channels: 64, ratio: 1 / 16, between: 8 },
  { channels: 256, ratio: 1 / 16, between: 16 },
  { channels: 160, ratio: 1 / 16, between: 8 },
  { channels: 196, ratio: 1 / 16, between: 16 },
  { channels: 320, ratio: 1 / 16, between: 24 },
  { channels: 100, ratio: 0.1, between: 8 },
  { channels: 100, ratio: 0.1, divisor: 1, between: 10 },
  { channels: 196, ratio: 1 / 16, divisor: 1, between: 12 },
])('$channels channels, ratio $ratio: $between between', ({ channels, between, ...options }) => {
  const vars = new VarScope(shapesOnly);
  squeezeExcite(options as SqueezeExciteOptions)(vars, { channels, layers: usualLayers });
  const shapes = [...vars.specs].map(([name, { shape }]) => [name, shape]);
  expect(shapes).toEqual([
    ['se.fc1.weight', [1, 1, channels, between]],
    ['se.fc1.bias', [between]],
    ['se.fc2.weight', [1, 1, between, channels]],
    ['se.fc2.bias', [channels]],
  ]);
});

test('its variables are below another name where that is given', () => {
  const vars = new VarScope(shapesOnly);
  squeezeExcite({ ratio: 1 / 4, name: 'se_module' })(vars, { channels: 32, layers: usualLayers });
  expect([...vars.specs.keys()][0]).toBe('se_module.fc1.weight');
});

test('after an activation it sees and weighs what that leaves', () => {
  const see: AttentionType = () => (x) => tf.mul(x, 2);
  const x = tf.tensor4d([-1, 3, 8], [1, 1, 1, 3]);
  const attend = (layers: Layers): number[] => [
    ...activated(see)(new VarScope(shapesOnly), { channels: 3, layers })(x).dataSync(),
  ];
  expect(attend(usualLayers)).toEqual([0, 6, 16]);
  expect(attend({ ...usualLayers, activation: relu6 })).toEqual([0, 6, 12]);
});

test('each channel is weighed by the sigmoid of what the means of all give through a ReLU, whatever the network’s activation', () => {
  const values: Record<string, number[]> = {
    'se.fc1.weight': [1, 0.5], // [channels, between]: 1·mean₀ + 0.5·mean₁
    'se.fc1.bias': [-3],
    'se.fc2.weight': [2, -1],
    'se.fc2.bias': [0.5, 0.25],
  };
  const vars = new VarScope((path, { shape }) => tf.tensor(values[path]!, shape));
  const layers = { ...usualLayers, activation: silu };
  const gate = squeezeExcite({ ratio: 1 / 2, divisor: 1 })(vars, { channels: 2, layers });
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const above = tf.tensor4d([2, 4, 4, 8], [1, 1, 2, 2]); // means 3 and 6: 3 between
  expectClose(
    gate(above).dataSync(),
    [2, 4, 4, 8].map((x, at) => x * sigmoid(at % 2 === 0 ? 6.5 : -2.75)),
    1e-6,
  );
  const below = tf.tensor4d([0, 2, 2, 2], [1, 1, 2, 2]); // means 1 and 2: -1 between, which a ReLU stops
  expectClose(
    gate(below).dataSync(),
    [0, 2, 2, 2].map((x, at) => x * sigmoid(at % 2 === 0 ? 0.5 : 0.25)),
    1e-6,
  );
});

test('in a block it follows the last norm, and its variables stand before the shortcut’s', () => {
  const vars = new VarScope(shapesOnly);
  bottleneck({ attention: squeezeExcite({ ratio: 1 / 16 }) }).make(vars, { inChannels: 64, planes: 64 });
  const modules = [...vars.specs.keys()].map((name) => name.replace(/\.\w+$/, ''));
  expect([...new Set(modules)]).toEqual([
    ...['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3'],
    ...['se.fc1', 'se.fc2', 'downsample.0', 'downsample.1'],
  ]);
});
