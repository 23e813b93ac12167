import * as tf from '@tensorflow/tfjs-core';
import { averageAntiAlias } from './anti-alias.ts';
import { averagePool } from './average-pool.ts';
import type { Conv2dOptions } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import { subsample } from './subsample.ts';
import type { VarScope } from './var-scope.ts';

const NONE: [number, number] = [0, 0];

export interface ShortcutOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
  /** Of the stage: above 1 where it is dilated instead of halved. */
  readonly dilation: number;
  /** Of the stage before, where the stage begins; default `dilation`. */
  readonly firstDilation?: number;
  readonly layers: Layers;
}

/** Carries a block's input past its convolutions. */
export type Shortcut = (x: tf.Tensor4D, options?: ForwardOptions) => tf.Tensor4D;

/** Makes the shortcut of a block whose output has another shape than its input: `stride ≠ 1` or the channels differ. */
export type ShortcutType = (vars: VarScope, options: ShortcutOptions) => Shortcut;

/** 1×1 convolution and batch norm (option B): `downsample.0` and `downsample.1`. @see He et al. 2015, section 3.3 */
export function projectionShortcut(vars: VarScope, options: ShortcutOptions): Shortcut {
  return project(vars, options, { kernelSize: 1 });
}

/** The same with 3×3 convolutions where a stage is halved or dilated. @see timm `downsample_conv`; Hu et al. 2017, SENet-154 */
export function wideProjectionShortcut(vars: VarScope, options: ShortcutOptions): Shortcut {
  const { stride, dilation, firstDilation = dilation } = options;
  const isWide = stride > 1 || dilation > 1;
  return project(vars, options, isWide ? { kernelSize: 3, dilation: firstDilation } : { kernelSize: 1 });
}

/** The mean of each whole square, then a projection that keeps the size: `downsample.0` and `downsample.1`. @see CLIP `Bottleneck` */
export function averagedProjectionShortcut(vars: VarScope, options: ShortcutOptions): Shortcut {
  const projection = project(vars, { ...options, stride: 1 }, { kernelSize: 1 });
  return (x, forward) => projection(averageAntiAlias(x, options.stride), forward);
}

function project(
  vars: VarScope,
  { inChannels, outChannels, stride, layers }: ShortcutOptions,
  filter: Pick<Conv2dOptions, 'kernelSize' | 'dilation'>,
): Shortcut {
  const downsample = vars.scope('downsample');
  const conv = layers.conv(downsample.scope('0'), { inChannels, outChannels, stride, ...filter });
  const norm = layers.norm(downsample.scope('1'), outChannels);
  return (x, forward) => norm.forward(conv.forward(x), forward);
}

/**
 * The mean of each 2×2 square, of what there is of it at the border, then a projection that keeps the size: `downsample.1` and
 * `downsample.2`, after the pooling, which is 0.
 *
 * @see He et al. 2018, arXiv:1812.01187, figure 2c (ResNet-D); timm `downsample_avg`
 */
export function averagePoolShortcut(vars: VarScope, options: ShortcutOptions): Shortcut {
  const { inChannels, outChannels, stride, dilation, layers } = options;
  const downsample = vars.scope('downsample');
  const conv = layers.conv(downsample.scope('1'), { inChannels, outChannels, kernelSize: 1 });
  const norm = layers.norm(downsample.scope('2'), outChannels);
  return (x, forward) => norm.forward(conv.forward(pool(x, stride, dilation)), forward);
}

/** Stages that are dilated do not shrink: there timm pools every square, padded by zeros that count. */
function pool(x: tf.Tensor4D, stride: number, dilation: number): tf.Tensor4D {
  if (stride > 1) return averagePool(x);
  return dilation > 1 ? tf.avgPool(tf.pad(x, [NONE, [0, 1], [0, 1], NONE]), 2, 1, 'valid') : x;
}

/**
 * A 1×1 convolution alone, by `name`: what a block that normalises first needs, `downsample.0` or timm's `downsample.conv`.
 *
 * @see He et al. 2016, arXiv:1603.05027, appendix
 */
export function convolutionShortcut(name: string): ShortcutType {
  return (vars, { inChannels, outChannels, stride, layers }) => {
    const conv = layers.conv(vars.scope(name), { inChannels, outChannels, kernelSize: 1, stride });
    return (x) => conv.forward(x);
  };
}

/**
 * A 1×1 convolution alone, by `name`, of the mean of each 2×2 square: the shortcut of ResNet-D for a block that normalises first.
 *
 * @see timm `resnetv2.py`, `DownsampleAvg`
 */
export function averagePoolConvolutionShortcut(name: string): ShortcutType {
  return (vars, { inChannels, outChannels, stride, dilation, layers }) => {
    const conv = layers.conv(vars.scope(name), { inChannels, outChannels, kernelSize: 1 });
    return (x) => conv.forward(pool(x, stride, dilation));
  };
}

/**
 * Every stride-th pixel, and zeros for the channels that are not there (option A, no parameters): half of them before,
 * half after, as the CIFAR nets do.
 *
 * @see He et al. 2015, section 4.2
 */
export function paddingShortcut(_vars: VarScope, { inChannels, outChannels, stride }: ShortcutOptions): Shortcut {
  const extra = outChannels - inChannels;
  const before = Math.floor(extra / 2);
  return (x) => {
    const sampled = subsample(x, stride);
    return extra === 0 ? sampled : tf.pad(sampled, [NONE, NONE, NONE, [before, extra - before]]);
  };
}

export interface MakeShortcutOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Default 1. */
  readonly stride?: number;
  /** Of the stage; default 1. */
  readonly dilation?: number;
  /** Of the stage before, where the stage begins; default `dilation`. */
  readonly firstDilation?: number;
  /** Where the shapes differ; default `projectionShortcut`. */
  readonly shortcut?: ShortcutType;
  /** Default `usualLayers`. */
  readonly layers?: Layers;
}

/** The input itself where the shapes agree, else what `shortcut` makes. @see torchvision `ResNet._make_layer` */
export function makeShortcut(
  vars: VarScope,
  { shortcut = projectionShortcut, ...given }: MakeShortcutOptions,
): Shortcut {
  const options: ShortcutOptions = { stride: 1, dilation: 1, layers: usualLayers, ...given };
  const fits = options.stride === 1 && options.inChannels === options.outChannels;
  return fits ? (x) => x : shortcut(vars, options);
}
