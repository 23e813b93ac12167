import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { BasicBlock, PlainBasicBlock } from './basic-block.ts';
import { Bottleneck, PlainBottleneck } from './bottleneck.ts';
import { usualLayers } from './layers.ts';
import { randomVars } from './random-vars.ts';
import { paddingShortcut } from './shortcut.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const scope = (): VarScope => new VarScope(randomVars({ seed: 5 }));
const input = (channels: number): tf.Tensor4D => tf.randomUniform([1, 6, 7, channels], 0, 1, 'float32', 9);

describe.each([
  { block: BasicBlock, plain: PlainBasicBlock },
  { block: Bottleneck, plain: PlainBottleneck },
])('$block.name', ({ block, plain }) => {
  const planes = 4;
  const outChannels = planes * block.expansion;

  test('has a projection only where the stride or the channels differ', () => {
    const names = (inChannels: number, stride: number): string[] => {
      const vars = scope();
      block.make(vars, { inChannels, planes, stride });
      return [...vars.entries.keys()].filter((name) => name.startsWith('downsample'));
    };
    expect(names(outChannels, 1)).toEqual([]);
    expect(names(outChannels, 2)).toHaveLength(5);
    expect(names(outChannels + 4, 1)).toContain('downsample.0.weight');
  });

  test('is relu(F(x) + x) where the shapes agree; its plain twin is relu(F(x))', () => {
    const options = { inChannels: outChannels, planes, zeroInit: true };
    const x = input(outChannels);
    // With the last batch norm at zero, F(x) is zero.
    expectClose(block.make(scope(), options).forward(x).dataSync(), x.dataSync(), 1e-6);
    expect(Math.max(...plain.make(scope(), options).forward(x).dataSync())).toBe(0);
  });

  test('halves the picture at stride 2, rounding up', () => {
    const y = new block(scope(), { inChannels: 8, planes, stride: 2 }).forward(input(8));
    expect(y.shape).toEqual([1, 3, 4, outChannels]);
  });
});

test('the stride of a bottleneck is on its 3×3 convolution', () => {
  const vars = scope();
  new Bottleneck(vars, { inChannels: 64, planes: 64, stride: 2, groups: 32, widthPerGroup: 4 });
  expect(vars.entries.get('conv2.weight')!.tensor.shape).toEqual([3, 3, 4, 128]);
  expect(vars.entries.get('conv1.weight')!.tensor.shape).toEqual([1, 1, 64, 128]);
  expect(vars.entries.get('conv3.weight')!.tensor.shape).toEqual([1, 1, 128, 256]);
});

test('option A takes every second pixel and puts half the new channels on each side, without variables', () => {
  const vars = scope();
  const shortcut = paddingShortcut(vars, {
    inChannels: 2,
    outChannels: 4,
    stride: 2,
    dilation: 1,
    layers: usualLayers,
  });
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], [1, 3, 3, 2]);
  expect([...shortcut(x).dataSync()]).toEqual([0, 1, 2, 0, 0, 5, 6, 0, 0, 13, 14, 0, 0, 17, 18, 0]);
  expect(vars.entries.size).toBe(0);
});
