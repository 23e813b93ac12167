import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BlockOptions } from './block.ts';
import { timmPreActivationNames, usualPreActivationNames } from './pre-activation.ts';
import { preActivationBasicBlock } from './pre-activation-basic-block.ts';
import { preActivationBottleneck } from './pre-activation-bottleneck.ts';
import { randomVars } from './random-vars.ts';
import { shapesOnly } from './shapes-only.ts';
import { averagePoolShortcut } from './shortcut.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const scope = (): VarScope => new VarScope(randomVars({ seed: 5 }));
const input = (channels: number): tf.Tensor4D => tf.randomUniform([1, 5, 7, channels], -1, 1, 'float32', 9);

describe.each([
  { title: 'basic', make: preActivationBasicBlock },
  { title: 'bottleneck', make: preActivationBottleneck },
])('$title', ({ title, make }) => {
  const block = make(usualPreActivationNames);
  const planes = 4;
  const outChannels = planes * block.expansion;
  const names = (options: BlockOptions, kind = block): string[] => {
    const vars = new VarScope(shapesOnly);
    kind.make(vars, options);
    return [...vars.specs.keys()].filter((name) => name.endsWith('.weight'));
  };

  test('the shortcut convolves, without a norm, only where the shapes differ', () => {
    const same = names({ inChannels: outChannels, planes });
    expect(same.filter((name) => name.startsWith('downsample'))).toEqual([]);
    const narrower = names({ inChannels: outChannels, planes, stride: 2 });
    expect(narrower).toEqual([...same, 'downsample.0.weight']);
    const pooled = names({ inChannels: outChannels, planes, stride: 2, shortcut: averagePoolShortcut });
    expect(pooled).toEqual([...same, 'downsample.1.weight', 'downsample.2.weight']);
  });

  test('each norm stands before its convolution, by its number', () => {
    const numbers = title === 'basic' ? [1, 2] : [1, 2, 3];
    expect(names({ inChannels: outChannels, planes })).toEqual(
      numbers.flatMap((number) => [`bn${number}.weight`, `conv${number}.weight`]),
    );
    expect(names({ inChannels: outChannels + 4, planes }).at(-1)).toBe('downsample.0.weight');
  });

  test('names are timm’s or torchvision’s', () => {
    const options = { inChannels: outChannels, planes, stride: 2 };
    const timm = names(options, make(timmPreActivationNames));
    const usual = names(options);
    expect(timm.slice(0, 2)).toEqual(['norm1.weight', 'conv1.weight']);
    expect(timm.at(-1)).toBe('downsample.conv.weight');
    expect(timm.map((name) => name.replace('norm', 'bn').replace('.conv.', '.0.'))).toEqual(usual);
  });

  test('starts as its shortcut where it is asked to; nothing follows the sum, which may be negative', () => {
    const x = input(outChannels);
    const options = { inChannels: outChannels, planes };
    expectClose(
      block
        .make(scope(), { ...options, zeroInit: true })
        .forward(x)
        .dataSync(),
      x.dataSync(),
      1e-6,
    );
    const y = block.make(scope(), options).forward(x);
    expect(y.shape).toEqual(x.shape);
    expect(Math.min(...y.dataSync())).toBeLessThan(-1);
  });

  test('halves the picture at stride 2, rounding up', () => {
    const y = block.make(scope(), { inChannels: 8, planes, stride: 2 }).forward(input(8));
    expect(y.shape).toEqual([1, 3, 4, outChannels]);
  });

  test('the shortcut of another shape takes what is normalised and activated', () => {
    const shortcutInputs: tf.Tensor[] = [];
    const options: BlockOptions = {
      inChannels: outChannels,
      planes,
      stride: 2,
      shortcut: () => (x) => {
        shortcutInputs.push(x);
        return tf.avgPool(x, 1, 2, 'same');
      },
    };
    block.make(scope(), options).forward(input(outChannels));
    expect(Math.min(...shortcutInputs[0]!.dataSync())).toBe(0);
  });
});

test('a bottleneck has the stride, the groups and the width that it is asked for', () => {
  const vars = new VarScope(shapesOnly);
  const options = { inChannels: 64, planes: 64, stride: 2, groups: 32, widthPerGroup: 4 };
  preActivationBottleneck(timmPreActivationNames).make(vars, options);
  expect(vars.specs.get('conv2.weight')!.shape).toEqual([3, 3, 4, 128]);
  const paper = preActivationBottleneck(timmPreActivationNames).make(scope(), {
    inChannels: 8,
    planes: 2,
    stride: 2,
    strideIn: '1x1',
  });
  expect(paper.forward(input(8)).shape).toEqual([1, 3, 4, 8]);
});

test('past a bottleneck that only halves the picture goes every second pixel, where it is asked for', () => {
  const kind = preActivationBottleneck(usualPreActivationNames, { sizeOnly: 'subsample' });
  const names = (inChannels: number, stride: number): string[] => {
    const vars = new VarScope(shapesOnly);
    kind.make(vars, { inChannels, planes: 2, stride });
    return [...vars.specs.keys()].filter((name) => name.startsWith('downsample'));
  };
  expect(names(8, 2)).toEqual([]);
  expect(names(4, 2)).toEqual(['downsample.0.weight']);
  const x = tf.reshape(tf.range(0, 5 * 4 * 8), [1, 5, 4, 8]) as tf.Tensor4D;
  const block = kind.make(scope(), { inChannels: 8, planes: 2, stride: 2, zeroInit: true });
  const expected = [0, 2, 4].flatMap((row) =>
    [0, 2].flatMap((column) => Array.from({ length: 8 }, (_, channel) => (row * 4 + column) * 8 + channel)),
  );
  expectClose(block.forward(x).dataSync(), expected, 1e-6);
});
