import * as tf from '@tensorflow/tfjs-core';
import type { AntiAlias } from './anti-alias.ts';
import type { Attention, AttentionType } from './attention.ts';
import type { Block, BlockOptions, BlockType } from './block.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** Two 3×3 convolutions and nothing around them: the plain net of the degradation experiment. */
export class PlainBasicBlock implements Block {
  static readonly expansion: number = 1;
  readonly conv1: Convolution;
  readonly bn1: Norm;
  readonly conv2: Convolution;
  readonly bn2: Norm;
  protected readonly layers: Layers;
  readonly #smooth: (x: tf.Tensor4D) => tf.Tensor4D;

  static make(vars: VarScope, options: BlockOptions): Block {
    return new PlainBasicBlock(vars, options);
  }

  constructor(vars: VarScope, options: BlockOptions, { antiAlias }: BasicBlockKind = {}) {
    const { inChannels, planes, stride = 1, dilation = 1, firstDilation = dilation } = options;
    const { zeroInit = false, layers = usualLayers } = options;
    const isSmoothed = antiAlias !== undefined && (stride > 1 || firstDilation !== dilation);
    const conv1 = { inChannels, outChannels: planes, kernelSize: 3, dilation: firstDilation };
    this.layers = layers;
    this.conv1 = layers.conv(vars.scope('conv1'), { ...conv1, stride: isSmoothed ? 1 : stride });
    this.bn1 = layers.norm(vars.scope('bn1'), planes);
    this.#smooth = isSmoothed ? (x) => antiAlias(x, stride) : (x) => x;
    const conv2 = { inChannels: planes, outChannels: planes, kernelSize: 3, dilation };
    this.conv2 = layers.conv(vars.scope('conv2'), conv2);
    this.bn2 = layers.norm(vars.scope('bn2'), planes, { zeroInit });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return this.layers.activation.apply(this.convolutions(x, options));
  }

  protected convolutions(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = this.layers.activation.apply(this.bn1.forward(this.conv1.forward(x), options));
    return this.bn2.forward(this.conv2.forward(this.#smooth(y)), options);
  }
}

/** What sets one kind of basic block apart. */
export interface BasicBlockKind {
  /** Default none. */
  readonly attention?: AttentionType;
  /** What follows the first convolution in place of its stride; default none. */
  readonly antiAlias?: AntiAlias;
}

/** The residual block of ResNet-18 and -34: `relu(F(x) + shortcut(x))`. @see He et al. 2015, equation 2 */
export class BasicBlock extends PlainBasicBlock {
  readonly shortcut: Shortcut;
  readonly attention: Attention | undefined;

  static override make(vars: VarScope, options: BlockOptions): Block {
    return new BasicBlock(vars, options);
  }

  constructor(vars: VarScope, options: BlockOptions, kind: BasicBlockKind = {}) {
    super(vars, options, kind);
    const { layers } = this;
    this.attention = kind.attention?.(vars, { channels: options.planes, layers });
    this.shortcut = makeShortcut(vars, { ...options, outChannels: options.planes, layers });
  }

  override forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = this.convolutions(x, options);
    return this.layers.activation.apply(tf.add(this.attention?.(y) ?? y, this.shortcut(x, options)));
  }
}

/** A basic block of another kind. */
export function basicBlock(kind: BasicBlockKind): BlockType {
  return { expansion: BasicBlock.expansion, make: (vars, options) => new BasicBlock(vars, options, kind) };
}
