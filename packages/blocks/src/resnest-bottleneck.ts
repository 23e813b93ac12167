import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { paddedAveragePool } from './padded-average-pool.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import { type SplitAttention, splitAttention } from './split-attention.ts';
import type { VarScope } from './var-scope.ts';

export interface ResnestBottleneckKind {
  /** Alternatives of each channel of the 3×3 convolution. */
  readonly radix: number;
  /** Where a block halves the picture, by pooling: before or after the 3×3 convolution. */
  readonly pooling: 'before' | 'after';
}

/**
 * A bottleneck whose 3×3 convolution is one with split attention, `conv2`, and which pools averages where others have a stride.
 *
 * @see Zhang et al. 2020, arXiv:2004.08955; timm `ResNestBottleneck`
 */
class ResnestBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly #conv1: Convolution;
  readonly #bn1: Norm;
  readonly #conv2: SplitAttention;
  readonly #conv3: Convolution;
  readonly #bn3: Norm;
  readonly #shortcut: Shortcut;
  readonly #layers: Layers;
  readonly #before: (x: tf.Tensor4D) => tf.Tensor4D;
  readonly #after: (x: tf.Tensor4D) => tf.Tensor4D;

  constructor(vars: VarScope, options: BlockOptions, { radix, pooling }: ResnestBottleneckKind) {
    const { inChannels, groups = 1, zeroInit = false, layers = usualLayers } = options;
    const { width, outChannels, strides, dilation } = bottleneckShape(options);
    const [firstStride, stride] = strides;
    const pool = (x: tf.Tensor4D): tf.Tensor4D => (stride > 1 ? paddedAveragePool(x, stride) : x);
    const nothing = (x: tf.Tensor4D): tf.Tensor4D => x;
    const point = { kernelSize: 1, stride: firstStride };
    this.#layers = layers;
    [this.#before, this.#after] = pooling === 'before' ? [pool, nothing] : [nothing, pool];
    this.#conv1 = layers.conv(vars.scope('conv1'), { ...point, inChannels, outChannels: width });
    this.#bn1 = layers.norm(vars.scope('bn1'), width);
    this.#conv2 = splitAttention(vars.scope('conv2'), { channels: width, dilation, groups, radix, layers });
    this.#conv3 = layers.conv(vars.scope('conv3'), { inChannels: width, outChannels, kernelSize: 1 });
    this.#bn3 = layers.norm(vars.scope('bn3'), outChannels, { zeroInit });
    this.#shortcut = makeShortcut(vars, { ...options, outChannels, layers });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.#layers;
    const narrow = activation.apply(this.#bn1.forward(this.#conv1.forward(x), options)); // [N, H, W, width]
    const y = this.#after(this.#conv2(this.#before(narrow), options)); // [N, H', W', width]
    return activation.apply(tf.add(this.#bn3.forward(this.#conv3.forward(y), options), this.#shortcut(x, options)));
  }
}

/** The bottleneck of ResNeSt, e.g. `resnestBottleneck({ radix: 2, pooling: 'after' })`. */
export function resnestBottleneck(kind: ResnestBottleneckKind): BlockType {
  return {
    expansion: ResnestBottleneck.expansion,
    make: (vars, options) => new ResnestBottleneck(vars, options, kind),
  };
}
