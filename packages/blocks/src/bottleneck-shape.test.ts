import { expect, test } from 'vitest';
import type { AttentionType } from './attention.ts';
import { bottleneck } from './bottleneck.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

// timm 1.0: senet154's first block, and torchvision's resnext50_32x4d's.
test.each([
  { groups: 64, widthPerGroup: 4, reduceFirst: 2, firstWidth: 128, width: 256 },
  { groups: 32, widthPerGroup: 4, reduceFirst: 1, firstWidth: 128, width: 128 },
])(
  '$groups groups of $widthPerGroup, the first $reduceFirst times narrower',
  ({ reduceFirst, firstWidth, width, ...options }) => {
    const shape = bottleneckShape({ inChannels: 128, planes: 64, ...options }, reduceFirst);
    expect(shape).toMatchObject({ firstWidth, width, outChannels: 256 });
  },
);

test('the stride is the 3×3 convolution’s, or that of the first where it is asked for', () => {
  const options = { inChannels: 128, planes: 64, stride: 2 };
  expect(bottleneckShape(options).strides).toEqual([1, 2]);
  expect(bottleneckShape({ ...options, strideIn: '3x3' }).strides).toEqual([1, 2]);
  expect(bottleneckShape({ ...options, strideIn: '1x1' }).strides).toEqual([2, 1]);
});

test('attention is told the channels of a pruned block, and what they would be', () => {
  const told: unknown[] = [];
  const attention: AttentionType = (_vars, { channels, unprunedChannels }) => {
    told.push([channels, unprunedChannels]);
    return (x) => x;
  };
  const block = bottleneck({ attention });
  block.make(new VarScope(shapesOnly), { inChannels: 64, planes: 64, channels: [47, 18, 19] });
  block.make(new VarScope(shapesOnly), { inChannels: 64, planes: 16 });
  expect(told).toEqual([
    [19, 256],
    [64, 64],
  ]);
});

test('channels that are given are those of the convolutions, their norms and the shortcut', () => {
  const vars = new VarScope(shapesOnly);
  bottleneck({}).make(vars, { inChannels: 64, planes: 64, channels: [47, 18, 19] });
  const weights = [...vars.specs]
    .filter(([name]) => name.endsWith('.weight'))
    .map(([name, { shape }]) => [name, shape]);
  expect(weights).toEqual([
    ['conv1.weight', [1, 1, 64, 47]],
    ['bn1.weight', [47]],
    ['conv2.weight', [3, 3, 47, 18]],
    ['bn2.weight', [18]],
    ['conv3.weight', [1, 1, 18, 19]],
    ['bn3.weight', [19]],
    ['downsample.0.weight', [1, 1, 64, 19]],
    ['downsample.1.weight', [19]],
  ]);
});
