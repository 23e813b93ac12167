import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { type ConvNorm, convNorm } from './conv-norm.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import { type SelectiveKernel, type SelectiveKernelKind, selectiveKernel } from './selective-kernel.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** A basic block whose first convolution selects its kernel. @see timm `SelectiveKernelBasic` */
class SelectiveKernelBasicBlock implements Block {
  static readonly expansion: number = 1;
  readonly #conv1: SelectiveKernel;
  readonly #conv2: ConvNorm;
  readonly #shortcut: Shortcut;
  readonly #layers: Layers;

  constructor(vars: VarScope, options: BlockOptions, kind: SelectiveKernelKind) {
    const { inChannels, planes, stride = 1, dilation = 1, firstDilation = dilation } = options;
    const { zeroInit = false, layers = usualLayers } = options;
    const conv1 = { inChannels, outChannels: planes, stride, dilation: firstDilation };
    const conv2 = { inChannels: planes, outChannels: planes, kernelSize: 3, dilation, zeroInit };
    this.#layers = layers;
    this.#conv1 = selectiveKernel(vars.scope('conv1'), layers, kind, conv1);
    this.#conv2 = convNorm(vars.scope('conv2'), layers, conv2);
    this.#shortcut = makeShortcut(vars, { ...options, outChannels: planes, layers });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = this.#conv2(this.#conv1(x, options), options);
    return this.#layers.activation.apply(tf.add(y, this.#shortcut(x, options)));
  }
}

/** The basic block of SKNet. */
export function selectiveKernelBasicBlock(kind: SelectiveKernelKind): BlockType {
  const { expansion } = SelectiveKernelBasicBlock;
  return { expansion, make: (vars, options) => new SelectiveKernelBasicBlock(vars, options, kind) };
}
