import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { makePreActivationShortcut, type PreActivationNames, usualPreActivationNames } from './pre-activation.ts';
import type { Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/**
 * Normalise, activate, convolve, twice; nothing after the sum. Where shapes differ, the shortcut convolves what was
 * normalised and activated.
 *
 * @see He et al. 2016, arXiv:1603.05027, figure 4e; timm `PreActBasic`
 */
export class PreActivationBasicBlock implements Block {
  static readonly expansion: number = 1;
  readonly norm1: Norm;
  readonly conv1: Convolution;
  readonly norm2: Norm;
  readonly conv2: Convolution;
  readonly shortcut: Shortcut | undefined;
  readonly #layers: Layers;

  constructor(vars: VarScope, options: BlockOptions, names: PreActivationNames = usualPreActivationNames) {
    const { inChannels, planes, stride = 1, dilation = 1, firstDilation = dilation } = options;
    const { zeroInit = false, layers = usualLayers } = options;
    const conv = { outChannels: planes, kernelSize: 3 };
    this.#layers = layers;
    this.norm1 = layers.norm(vars.scope(`${names.norm}1`), inChannels);
    this.conv1 = layers.conv(vars.scope('conv1'), { ...conv, inChannels, stride, dilation: firstDilation });
    this.norm2 = layers.norm(vars.scope(`${names.norm}2`), planes);
    this.conv2 = layers.conv(vars.scope('conv2'), { ...conv, inChannels: planes, dilation, zeroInit });
    this.shortcut = makePreActivationShortcut(vars, options, planes, names.shortcut);
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.#layers;
    const active = activation.apply(this.norm1.forward(x, options));
    const y = activation.apply(this.norm2.forward(this.conv1.forward(active), options));
    return tf.add(this.conv2.forward(y), this.shortcut?.(active, options) ?? x);
  }
}

/** The basic block that normalises first, its variables called by `names`. */
export function preActivationBasicBlock(names: PreActivationNames): BlockType {
  const { expansion } = PreActivationBasicBlock;
  return { expansion, make: (vars, options) => new PreActivationBasicBlock(vars, options, names) };
}
