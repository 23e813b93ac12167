import * as tf from '@tensorflow/tfjs-core';
import type { AntiAlias } from './anti-alias.ts';
import type { Attention, AttentionType } from './attention.ts';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** 1×1, 3×3 and 1×1 convolutions with nothing around them. The stride is on the 3×3, as in torchvision ("V1.5"). */
export class PlainBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly conv1: Convolution;
  readonly bn1: Norm;
  readonly conv2: Convolution;
  readonly bn2: Norm;
  readonly conv3: Convolution;
  readonly bn3: Norm;
  protected readonly layers: Layers;
  readonly #smooth: (x: tf.Tensor4D) => tf.Tensor4D;

  static make(vars: VarScope, options: BlockOptions): Block {
    return new PlainBottleneck(vars, options);
  }

  constructor(vars: VarScope, options: BlockOptions, { reduceFirst, antiAlias }: BottleneckKind = {}) {
    const { inChannels, groups = 1, zeroInit = false, layers = usualLayers } = options;
    const { firstWidth, width, outChannels, strides, dilation } = bottleneckShape(options, reduceFirst);
    const [firstStride, stride] = strides;
    const isSmoothed = antiAlias !== undefined && (stride > 1 || dilation !== (options.dilation ?? 1));
    this.layers = layers;
    const conv1 = { inChannels, outChannels: firstWidth, kernelSize: 1, stride: firstStride };
    this.conv1 = layers.conv(vars.scope('conv1'), conv1);
    this.bn1 = layers.norm(vars.scope('bn1'), firstWidth);
    const conv2 = { inChannels: firstWidth, outChannels: width, kernelSize: 3, dilation, groups };
    this.conv2 = layers.conv(vars.scope('conv2'), { ...conv2, stride: isSmoothed ? 1 : stride });
    this.#smooth = isSmoothed ? (x) => antiAlias(x, stride) : (x) => x;
    this.bn2 = layers.norm(vars.scope('bn2'), width);
    this.conv3 = layers.conv(vars.scope('conv3'), { inChannels: width, outChannels, kernelSize: 1 });
    this.bn3 = layers.norm(vars.scope('bn3'), outChannels, { zeroInit });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return this.layers.activation.apply(this.convolutions(x, options));
  }

  protected convolutions(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.layers;
    const narrow = activation.apply(this.bn1.forward(this.conv1.forward(x), options)); // [N, H, W, width]
    const y = this.#smooth(activation.apply(this.bn2.forward(this.conv2.forward(narrow), options))); // [N, H', W', width]
    return this.bn3.forward(this.conv3.forward(y), options); // [N, H', W', planes * 4]
  }
}

/** What sets one kind of bottleneck apart. */
export interface BottleneckKind {
  /** Default none. */
  readonly attention?: AttentionType;
  /** What follows the 3×3 convolution in place of its stride; default none. */
  readonly antiAlias?: AntiAlias;
  /** The first convolution has so many times fewer channels than the second; default 1. */
  readonly reduceFirst?: number;
}

/** The residual block of ResNet-50 and deeper, of ResNeXt and of Wide ResNet. @see He et al. 2015, figure 5 right */
export class Bottleneck extends PlainBottleneck {
  readonly shortcut: Shortcut;
  readonly attention: Attention | undefined;

  static override make(vars: VarScope, options: BlockOptions): Block {
    return new Bottleneck(vars, options);
  }

  constructor(vars: VarScope, options: BlockOptions, kind: BottleneckKind = {}) {
    super(vars, options, kind);
    const { layers } = this;
    const { outChannels } = bottleneckShape(options);
    const unprunedChannels = options.planes * 4;
    this.attention = kind.attention?.(vars, { channels: outChannels, unprunedChannels, layers });
    this.shortcut = makeShortcut(vars, { ...options, outChannels, layers });
  }

  override forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = this.convolutions(x, options);
    return this.layers.activation.apply(tf.add(this.attention?.(y) ?? y, this.shortcut(x, options)));
  }
}

/** A bottleneck of another kind, e.g. `bottleneck({ attention: squeezeExcite({ ratio: 1 / 16 }) })`. */
export function bottleneck(kind: BottleneckKind): BlockType {
  return { expansion: Bottleneck.expansion, make: (vars, options) => new Bottleneck(vars, options, kind) };
}
