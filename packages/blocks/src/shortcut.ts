import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm2d } from './batch-norm2d.ts';
import { Conv2d } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import type { VarScope } from './var-scope.ts';

export interface ShortcutOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
}

/** Carries a block's input past its convolutions. */
export type Shortcut = (x: tf.Tensor4D, options?: ForwardOptions) => tf.Tensor4D;

/** Makes the shortcut of a block whose output has another shape than its input: `stride ≠ 1` or the channels differ. */
export type ShortcutType = (vars: VarScope, options: ShortcutOptions) => Shortcut;

/** 1×1 convolution and batch norm (option B): `downsample.0` and `downsample.1`. @see He et al. 2015, section 3.3 */
export function projectionShortcut(vars: VarScope, { inChannels, outChannels, stride }: ShortcutOptions): Shortcut {
  const downsample = vars.scope('downsample');
  const conv = new Conv2d(downsample.scope('0'), { inChannels, outChannels, kernelSize: 1, stride });
  const norm = new BatchNorm2d(downsample.scope('1'), outChannels);
  return (x, options) => norm.forward(conv.forward(x), options);
}

/**
 * Every stride-th pixel, and zeros for the channels that are not there (option A, no parameters): half of them before,
 * half after, as the CIFAR nets do. Average pooling over one pixel subsamples, as a strided slice has no gradient.
 *
 * @see He et al. 2015, section 4.2
 */
export function paddingShortcut(_vars: VarScope, { inChannels, outChannels, stride }: ShortcutOptions): Shortcut {
  const extra = outChannels - inChannels;
  const none: [number, number] = [0, 0];
  const before = Math.floor(extra / 2);
  return (x) => {
    const sampled = stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid');
    return extra === 0 ? sampled : tf.pad(sampled, [none, none, none, [before, extra - before]]);
  };
}

/** The input itself where the shapes agree, else what `type` makes. @see torchvision `ResNet._make_layer` */
export function makeShortcut(type: ShortcutType, vars: VarScope, options: ShortcutOptions): Shortcut {
  const fits = options.stride === 1 && options.inChannels === options.outChannels;
  return fits ? (x) => x : type(vars, options);
}
