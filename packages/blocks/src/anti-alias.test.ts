import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, expect, test } from 'vitest';
import { type AntiAlias, averageAntiAlias, blurAntiAlias } from './anti-alias.ts';
import { basicBlock } from './basic-block.ts';
import { bottleneck } from './bottleneck.ts';
import { reflectPad } from './reflect-pad.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const counted = (height: number, width: number): tf.Tensor4D =>
  tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1]);

// torch 1.13: nn.ReflectionPad2d(1), and its gradient for 1, 2, …, 20
test('a border is mirrored at its own pixels, and their gradients go to the pixels they are of', () => {
  const rows = [5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5, 2, 1, 2, 3, 2];
  expect([...reflectPad(counted(2, 3)).dataSync()]).toEqual(rows);
  const dx = tf.grad((x) => reflectPad(x as tf.Tensor4D))(counted(2, 3), counted(4, 5));
  expect([...dx.dataSync()]).toEqual([24, 78, 28, 14, 48, 18]);
  // Two pictures of two channels, all the same.
  const four = (x: tf.Tensor4D): tf.Tensor4D => tf.tile(x, [2, 1, 1, 2]);
  const dxs = tf.grad((x) => reflectPad(x as tf.Tensor4D))(four(counted(2, 3)), four(counted(4, 5)));
  expect(dxs.dataSync()).toEqual(four(dx as tf.Tensor4D).dataSync());
});

// timm 1.0: BlurPool2d(1), and its gradient for 1, 2, …, 6
test('a blur weighs neighbours by the binomial, at stride 2 and 1', () => {
  const y = blurAntiAlias(counted(4, 5), 2);
  expect(y.shape).toEqual([1, 2, 3, 1]);
  expectClose(y.dataSync(), [4, 5.5, 7, 11.5, 13, 14.5], 1e-6);
  const dx = tf.grad((x) => blurAntiAlias(x as tf.Tensor4D, 2))(counted(4, 5), counted(2, 3));
  const expected = [
    0.25, 0.5, 0.5, 1, 0.75, 0.75, 1.3125, 1.125, 2.0625, 1.5, 1, 1.625, 1.25, 2.125, 1.5, 0.5, 0.8125, 0.625, 1.0625,
    0.75,
  ];
  expectClose(dx.dataSync(), expected, 1e-6);
  const still = [4, 4.5, 5.5, 6.5, 7, 6.5, 7, 8, 9, 9.5, 11.5, 12, 13, 14, 14.5, 14, 14.5, 15.5, 16.5, 17];
  expectClose(blurAntiAlias(counted(4, 5), 1).dataSync(), still, 1e-6);
});

test('each channel is blurred by itself', () => {
  const x = counted(4, 5);
  const both = blurAntiAlias(tf.concat([x, tf.neg(x)], 3), 2);
  expectClose(both.dataSync(), [4, -4, 5.5, -5.5, 7, -7, 11.5, -11.5, 13, -13, 14.5, -14.5], 1e-6);
});

// torch 1.13: nn.AvgPool2d(2), nn.AvgPool2d(1)
test('an average takes whole squares, and at stride 1 every pixel as it is', () => {
  expectClose(averageAntiAlias(counted(4, 5), 2).dataSync(), [4, 6, 14, 16], 1e-6);
  const x = counted(3, 3);
  expect(averageAntiAlias(x, 1)).toBe(x);
});

test.each([
  { kind: 'basic block', make: (antiAlias: AntiAlias) => basicBlock({ antiAlias }) },
  { kind: 'bottleneck', make: (antiAlias: AntiAlias) => bottleneck({ antiAlias }) },
])('a $kind smooths where it is strided or a stage begins to be dilated, and nowhere else', ({ make }) => {
  const strides: number[] = [];
  const block = make((x, stride) => {
    strides.push(stride);
    return averageAntiAlias(x, stride);
  });
  const ones = new VarScope((_, { shape }) => tf.ones(shape));
  const forward = (name: string, options: { stride?: number; dilation?: number; firstDilation?: number }): number[] => {
    const scope = ones.scope(name);
    return block.make(scope, { inChannels: 4, planes: 2, ...options }).forward(tf.ones([1, 8, 8, 4])).shape;
  };
  expect(forward('strided', { stride: 2 }).slice(1, 3)).toEqual([4, 4]);
  expect(strides).toEqual([2]);
  expect(forward('dilated', { dilation: 2, firstDilation: 1 }).slice(1, 3)).toEqual([8, 8]);
  expect(strides).toEqual([2, 1]);
  forward('still', {});
  forward('dilated before', { dilation: 2 });
  expect(strides).toEqual([2, 1]);
});

test('no variable is its', () => {
  const namesOf = (antiAlias?: AntiAlias): string[] => {
    const vars = new VarScope(shapesOnly);
    bottleneck({ ...(antiAlias && { antiAlias }) }).make(vars, { inChannels: 8, planes: 4, stride: 2 });
    return [...vars.specs.keys()];
  };
  expect(namesOf(blurAntiAlias)).toEqual(namesOf());
});
