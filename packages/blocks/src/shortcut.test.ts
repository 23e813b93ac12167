import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { constant } from './initializer.ts';
import { usualLayers } from './layers.ts';
import {
  averagedProjectionShortcut,
  averagePoolConvolutionShortcut,
  averagePoolShortcut,
  convolutionShortcut,
  makeShortcut,
  paddingShortcut,
  projectionShortcut,
  type ShortcutOptions,
  type ShortcutType,
  wideProjectionShortcut,
} from './shortcut.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options: ShortcutOptions = { inChannels: 1, outChannels: 1, stride: 2, dilation: 1, layers: usualLayers };
/** Filters are ones, norms do nothing: a projection of one channel is the input itself. */
const identity = (): VarScope =>
  new VarScope((_, { shape, layout, initializer }) =>
    layout === 'conv' ? constant(1)(shape, 0) : initializer(shape, 0),
  );
const counted = (height: number, width: number): tf.Tensor4D =>
  tf.reshape(tf.range(1, height * width + 1), [1, height, width, 1]);
const shortcutOf = (type: ShortcutType, more: Partial<ShortcutOptions> = {}): number[] => [
  ...type(identity(), { ...options, ...more })(counted(3, 5)).dataSync(),
];

test('a projection takes every stride-th pixel, a pooling shortcut the mean of each square', () => {
  expectClose(shortcutOf(projectionShortcut), [1, 3, 5, 11, 13, 15], 1e-4);
  expectClose(shortcutOf(averagePoolShortcut), [4, 6, 7.5, 11.5, 13.5, 15], 1e-4);
  expectClose(shortcutOf(convolutionShortcut('downsample.0')), [1, 3, 5, 11, 13, 15], 1e-4);
  expectClose(shortcutOf(averagePoolConvolutionShortcut('downsample.conv')), [4, 6, 7.5, 11.5, 13.5, 15], 1e-4);
  // torch 1.13: nn.AvgPool2d(2)
  expectClose(shortcutOf(averagedProjectionShortcut), [4, 6], 1e-4);
});

test('a pooling shortcut that keeps the size pools only in a dilated stage, over zeros at the border', () => {
  const still = { ...options, stride: 1 };
  const x = counted(2, 3);
  expectClose(averagePoolShortcut(identity(), still)(x).dataSync(), [1, 2, 3, 4, 5, 6], 1e-4);
  // timm's AvgPool2dSame(2, 1, ceil_mode=True, count_include_pad=False)
  const dilated = averagePoolShortcut(identity(), { ...still, dilation: 2 })(x);
  expectClose(dilated.dataSync(), [3, 4, 2.25, 2.25, 2.75, 1.5], 1e-4);
});

test.each([
  { type: projectionShortcut, names: ['downsample.0.weight', 'downsample.1.weight'] },
  { type: averagePoolShortcut, names: ['downsample.1.weight', 'downsample.2.weight'] },
  { type: averagedProjectionShortcut, names: ['downsample.0.weight', 'downsample.1.weight'] },
  { type: convolutionShortcut('downsample.conv'), names: ['downsample.conv.weight'] },
  { type: averagePoolConvolutionShortcut('downsample.conv'), names: ['downsample.conv.weight'] },
  { type: paddingShortcut, names: [] },
])('$type.name names its variables as they stand in an nn.Sequential', ({ type, names }) => {
  const vars = identity();
  type(vars, options);
  expect([...vars.entries.keys()].filter((name) => name.endsWith('weight'))).toEqual(names);
});

// timm 1.0: downsample_conv(kernel_size=3), weights of ones
test('a wide projection sums 3×3 pixels where a stage is halved or dilated, and is a usual one where it is neither', () => {
  const wide = (more: Partial<ShortcutOptions>): number[] => shortcutOf(wideProjectionShortcut, more);
  expectClose(wide({}), [16, 33, 28, 36, 63, 48], 1e-4);
  expectClose(
    wide({ stride: 1 }),
    Array.from({ length: 15 }, (_, at) => at + 1),
    1e-4,
  );
  const dilated = { stride: 1, dilation: 4, firstDilation: 2 };
  expectClose(wide(dilated), [28, 32, 48, 32, 36, 14, 16, 24, 16, 18, 28, 32, 48, 32, 36], 1e-4);
});

test('where the shapes agree it is the input itself, whatever the kind', () => {
  const vars = identity();
  const x = counted(3, 5);
  const shortcut = makeShortcut(vars, { inChannels: 1, outChannels: 1, dilation: 2, shortcut: averagePoolShortcut });
  expect(shortcut(x)).toBe(x);
  expect(vars.entries.size).toBe(0);
});
