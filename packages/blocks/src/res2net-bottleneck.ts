import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import type { Convolution } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import type { Norm } from './norm.ts';
import { paddedAveragePool } from './padded-average-pool.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import { splitChannels } from './split-channels.ts';
import type { VarScope } from './var-scope.ts';

export interface Res2NetBottleneckKind {
  /** Parts of the channels between the 1×1 convolutions, each of the bottleneck's width; at least 2. */
  readonly scale: number;
}

/**
 * A bottleneck whose 3×3 convolution is a row of narrow ones, one for each part of the channels but the last: each also reads what
 * the one before gave. Where the shape changes they read their own part alone, and the last part is pooled; elsewhere it goes past.
 *
 * @see Gao et al. 2019, arXiv:1904.01169, figure 2b; timm `Bottle2neck`
 */
class Res2NetBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly #conv1: Convolution;
  readonly #bn1: Norm;
  readonly #convs: readonly Convolution[];
  readonly #bns: readonly Norm[];
  readonly #conv3: Convolution;
  readonly #bn3: Norm;
  readonly #shortcut: Shortcut;
  readonly #layers: Layers;
  readonly #scale: number;
  readonly #stride: number;
  readonly #isFirst: boolean;

  constructor(vars: VarScope, options: BlockOptions, { scale }: Res2NetBottleneckKind) {
    const { inChannels, groups = 1, zeroInit = false, layers = usualLayers } = options;
    const { width, outChannels, strides, dilation } = bottleneckShape(options);
    const [firstStride, stride] = strides;
    const numbers = Array.from({ length: scale - 1 }, (_, index) => index);
    const narrow = { inChannels: width, outChannels: width, kernelSize: 3, stride, dilation, groups };
    const point = { kernelSize: 1, stride: firstStride };
    this.#layers = layers;
    this.#scale = scale;
    this.#stride = stride;
    this.#isFirst = (options.stride ?? 1) > 1 || inChannels !== outChannels;
    this.#conv1 = layers.conv(vars.scope('conv1'), { ...point, inChannels, outChannels: width * scale });
    this.#bn1 = layers.norm(vars.scope('bn1'), width * scale);
    this.#convs = numbers.map((index) => layers.conv(vars.scope(`convs.${index}`), narrow));
    this.#bns = numbers.map((index) => layers.norm(vars.scope(`bns.${index}`), width));
    this.#conv3 = layers.conv(vars.scope('conv3'), { inChannels: width * scale, outChannels, kernelSize: 1 });
    this.#bn3 = layers.norm(vars.scope('bn3'), outChannels, { zeroInit });
    this.#shortcut = makeShortcut(vars, { ...options, outChannels, layers });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.#layers;
    const parts = splitChannels(activation.apply(this.#bn1.forward(this.#conv1.forward(x), options)), this.#scale);
    const last = parts.at(-1)!;
    const done: tf.Tensor4D[] = [];
    for (const [index, conv] of this.#convs.entries()) {
      const before = this.#isFirst ? undefined : done.at(-1);
      const part: tf.Tensor4D = before === undefined ? parts[index]! : tf.add(before, parts[index]!);
      done.push(activation.apply(this.#bns[index]!.forward(conv.forward(part), options)));
    }
    const y: tf.Tensor4D = tf.concat([...done, this.#isFirst ? paddedAveragePool(last, this.#stride) : last], 3);
    return activation.apply(tf.add(this.#bn3.forward(this.#conv3.forward(y), options), this.#shortcut(x, options)));
  }
}

/** The bottleneck of Res2Net, e.g. `res2netBottleneck({ scale: 4 })`. */
export function res2netBottleneck(kind: Res2NetBottleneckKind): BlockType {
  return {
    expansion: Res2NetBottleneck.expansion,
    make: (vars, options) => new Res2NetBottleneck(vars, options, kind),
  };
}
