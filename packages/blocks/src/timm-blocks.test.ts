import { deterministicPicture, deterministicTensor, expectClose, probe } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { BasicBlock, basicBlock } from './basic-block.ts';
import type { BlockOptions, BlockType } from './block.ts';
import { Bottleneck, bottleneck } from './bottleneck.ts';
import { fromTorch, torchShape } from './layout.ts';
import { usualPreActivationNames } from './pre-activation.ts';
import { preActivationBasicBlock } from './pre-activation-basic-block.ts';
import { preActivationBottleneck } from './pre-activation-bottleneck.ts';
import { randomVars } from './random-vars.ts';
import { res2netBottleneck } from './res2net-bottleneck.ts';
import { resnestBottleneck } from './resnest-bottleneck.ts';
import { selectiveKernelBasicBlock } from './selective-kernel-basic-block.ts';
import { selectiveKernelBottleneck } from './selective-kernel-bottleneck.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** By the names and in the shapes of PyTorch, whose values they then are. */
const deterministic = (): VarScope =>
  new VarScope((path, { layout, shape }) => {
    const torch = torchShape(layout, shape);
    return tf.tensor(fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) }), shape);
  });

const narrow = { ratio: 1 / 8, divisor: 2, splitsInput: true };
const wide = { ratio: 1 / 2, divisor: 2, splitsInput: false };
const eight = { inChannels: 8, planes: 4 };
const sixteen = { inChannels: 16, planes: 4 };

interface Case {
  readonly title: string;
  readonly type: BlockType;
  readonly options: BlockOptions;
  readonly shape: number[];
  readonly expected: [number, number];
}

// tooling/golden/blocks.py, timm 1.0.31: of [2, 5, 7, inChannels].
test.each<Case>([
  {
    title: 'SK basic',
    type: selectiveKernelBasicBlock(narrow),
    options: { inChannels: 8, planes: 8 },
    shape: [2, 5, 7, 8],
    expected: [12.118717, -6.233712],
  },
  {
    title: 'SK basic, halved',
    type: selectiveKernelBasicBlock({ ratio: 1 / 2, divisor: 3, splitsInput: false }),
    options: { inChannels: 4, planes: 8, stride: 2 },
    shape: [2, 3, 4, 8],
    expected: [7.639368, 4.184411],
  },
  {
    title: 'SK basic, dilated',
    type: selectiveKernelBasicBlock(narrow),
    options: { inChannels: 8, planes: 8, dilation: 2, firstDilation: 1 },
    shape: [2, 5, 7, 8],
    expected: [11.931016, -7.323559],
  },
  {
    title: 'SK bottleneck',
    type: selectiveKernelBottleneck(wide),
    options: sixteen,
    shape: [2, 5, 7, 16],
    expected: [16.682519, -3.966827],
  },
  {
    title: 'SK bottleneck, halved, in groups',
    type: selectiveKernelBottleneck({ ...wide, splitsInput: true }),
    options: { ...eight, stride: 2, groups: 2 },
    shape: [2, 3, 4, 16],
    expected: [8.862181, 0.584132],
  },
  {
    title: 'SK bottleneck, dilated',
    type: selectiveKernelBottleneck(wide),
    options: { ...sixteen, dilation: 2 },
    shape: [2, 5, 7, 16],
    expected: [16.502666, -4.927764],
  },
  {
    title: 'Res2Net',
    type: res2netBottleneck({ scale: 4 }),
    options: sixteen,
    shape: [2, 5, 7, 16],
    expected: [24.841664, -0.902239],
  },
  {
    title: 'Res2Net, wider',
    type: res2netBottleneck({ scale: 3 }),
    options: { ...eight, widthPerGroup: 32 },
    shape: [2, 5, 7, 16],
    expected: [17.277126, -19.653977],
  },
  {
    title: 'Res2Net, halved, in groups',
    type: res2netBottleneck({ scale: 2 }),
    options: { ...sixteen, stride: 2, groups: 2, widthPerGroup: 32 },
    shape: [2, 3, 4, 16],
    expected: [9.532378, -7.798587],
  },
  {
    title: 'Res2Net, dilated',
    type: res2netBottleneck({ scale: 3 }),
    options: { ...sixteen, dilation: 2 },
    shape: [2, 5, 7, 16],
    expected: [19.893423, -3.877915],
  },
  {
    title: 'ResNeSt',
    type: resnestBottleneck({ radix: 2, pooling: 'after' }),
    options: sixteen,
    shape: [2, 5, 7, 16],
    expected: [14.893596, -6.465598],
  },
  {
    title: 'ResNeSt, halved after',
    type: resnestBottleneck({ radix: 2, pooling: 'after' }),
    options: { ...eight, stride: 2, groups: 2 },
    shape: [2, 3, 4, 16],
    expected: [7.514628, -2.483352],
  },
  {
    title: 'ResNeSt, halved before',
    type: resnestBottleneck({ radix: 4, pooling: 'before' }),
    options: { ...eight, stride: 2 },
    shape: [2, 3, 4, 16],
    expected: [7.872511, -2.263715],
  },
  {
    title: 'ResNeSt, one alternative',
    type: resnestBottleneck({ radix: 1, pooling: 'after' }),
    options: { ...sixteen, dilation: 2 },
    shape: [2, 5, 7, 16],
    expected: [14.162708, -6.758535],
  },
  {
    title: 'ResNeSt, wide',
    type: resnestBottleneck({ radix: 2, pooling: 'after' }),
    options: { inChannels: 8, planes: 80 },
    shape: [2, 5, 7, 320],
    expected: [88.456488, -18.116299],
  },
  {
    title: 'basic',
    type: BasicBlock,
    options: { inChannels: 8, planes: 8 },
    shape: [2, 5, 7, 8],
    expected: [12.75334, -6.201716],
  },
  {
    title: 'basic, halved',
    type: basicBlock({}),
    options: { inChannels: 4, planes: 8, stride: 2 },
    shape: [2, 3, 4, 8],
    expected: [7.575817, 2.67109],
  },
  {
    title: 'basic, dilated',
    type: BasicBlock,
    options: { inChannels: 8, planes: 8, dilation: 2, firstDilation: 1 },
    shape: [2, 5, 7, 8],
    expected: [12.118887, -5.338903],
  },
  {
    title: 'bottleneck',
    type: Bottleneck,
    options: { ...sixteen, dilation: 2 },
    shape: [2, 5, 7, 16],
    expected: [14.782776, -5.993175],
  },
  {
    title: 'bottleneck, halved, in groups',
    type: bottleneck({ reduceFirst: 2 }),
    options: { ...eight, stride: 2, groups: 2 },
    shape: [2, 3, 4, 16],
    expected: [9.305471, -3.732017],
  },
])('$title gives timm’s numbers', ({ type, options, shape, expected }) => {
  const { inChannels } = options;
  const x = tf.tensor4d(deterministicPicture([2, 5, 7, inChannels]), [2, 5, 7, inChannels]);
  const y = type.make(deterministic(), options).forward(x);
  expect(y.shape).toEqual(shape);
  expectClose(probe('block', y.dataSync() as Float32Array), expected, 1e-4);
});

test.each<{ title: string; type: BlockType }>([
  { title: 'basic', type: BasicBlock },
  { title: 'basic of a kind', type: basicBlock({}) },
  { title: 'bottleneck', type: Bottleneck },
  { title: 'basic that normalises first', type: preActivationBasicBlock(usualPreActivationNames) },
  { title: 'bottleneck that normalises first', type: preActivationBottleneck(usualPreActivationNames) },
  { title: 'SK basic', type: selectiveKernelBasicBlock(narrow) },
  { title: 'SK bottleneck', type: selectiveKernelBottleneck(wide) },
  { title: 'Res2Net', type: res2netBottleneck({ scale: 4 }) },
  { title: 'ResNeSt', type: resnestBottleneck({ radix: 2, pooling: 'after' }) },
])('$title starts as its shortcut only where it is asked to', ({ type }) => {
  const x = tf.randomUniform<tf.Rank.R4>([1, 5, 6, 16], 0, 1, 'float32', 9);
  const planes = 16 / type.expansion;
  const forward = (zeroInit?: boolean): tf.TypedArray => {
    const options: BlockOptions = { inChannels: 16, planes, ...(zeroInit && { zeroInit }) };
    return type
      .make(new VarScope(randomVars({ seed: 5 })), options)
      .forward(x)
      .dataSync();
  };
  expectClose(forward(true), x.dataSync(), 1e-6);
  expect(forward()).not.toEqual(x.dataSync());
});
