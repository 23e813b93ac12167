import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { makePreActivationShortcut, type PreActivationNames, usualPreActivationNames } from './pre-activation.ts';
import type { Shortcut } from './shortcut.ts';
import { subsample } from './subsample.ts';
import type { VarScope } from './var-scope.ts';

/** What sets one kind of bottleneck that normalises first apart. */
export interface PreActivationBottleneckKind {
  /** What goes past a block that only halves the picture: its input by a shortcut, as by default, or every second pixel of it. */
  readonly sizeOnly?: 'shortcut' | 'subsample';
}

/**
 * Normalise, activate, convolve, three times; nothing after the sum.
 *
 * @see He et al. 2016, arXiv:1603.05027, figure 4e; timm `PreActBottleneck`
 */
export class PreActivationBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly norm1: Norm;
  readonly conv1: Convolution;
  readonly norm2: Norm;
  readonly conv2: Convolution;
  readonly norm3: Norm;
  readonly conv3: Convolution;
  readonly shortcut: Shortcut | undefined;
  readonly #layers: Layers;
  /** Of the input where there is no shortcut. */
  readonly #stride: number;

  constructor(
    vars: VarScope,
    options: BlockOptions,
    names: PreActivationNames = usualPreActivationNames,
    { sizeOnly = 'shortcut' }: PreActivationBottleneckKind = {},
  ) {
    const { inChannels, stride = 1, groups = 1, zeroInit = false, layers = usualLayers } = options;
    const { width, outChannels, strides, dilation } = bottleneckShape(options);
    this.#layers = layers;
    this.norm1 = layers.norm(vars.scope(`${names.norm}1`), inChannels);
    this.conv1 = layers.conv(vars.scope('conv1'), {
      inChannels,
      outChannels: width,
      kernelSize: 1,
      stride: strides[0],
    });
    this.norm2 = layers.norm(vars.scope(`${names.norm}2`), width);
    const conv2 = { inChannels: width, outChannels: width, kernelSize: 3, stride: strides[1], dilation, groups };
    this.conv2 = layers.conv(vars.scope('conv2'), conv2);
    this.norm3 = layers.norm(vars.scope(`${names.norm}3`), width);
    this.conv3 = layers.conv(vars.scope('conv3'), { inChannels: width, outChannels, kernelSize: 1, zeroInit });
    const subsamples = sizeOnly === 'subsample' && inChannels === outChannels;
    this.shortcut = subsamples ? undefined : makePreActivationShortcut(vars, options, outChannels, names.shortcut);
    this.#stride = subsamples ? stride : 1;
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.#layers;
    const active = activation.apply(this.norm1.forward(x, options)); // [N, H, W, inChannels]
    const narrow = activation.apply(this.norm2.forward(this.conv1.forward(active), options)); // [N, H, W, width]
    const y = activation.apply(this.norm3.forward(this.conv2.forward(narrow), options)); // [N, H', W', width]
    const past = this.shortcut?.(active, options) ?? subsample(x, this.#stride);
    return tf.add(this.conv3.forward(y), past); // [N, H', W', planes * 4]
  }
}

/** The bottleneck that normalises first, its variables called by `names`. */
export function preActivationBottleneck(names: PreActivationNames, kind?: PreActivationBottleneckKind): BlockType {
  const { expansion } = PreActivationBottleneck;
  return { expansion, make: (vars, options) => new PreActivationBottleneck(vars, options, names, kind) };
}
