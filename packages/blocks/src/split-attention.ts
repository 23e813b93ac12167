import * as tf from '@tensorflow/tfjs-core';
import { relu } from './activation.ts';
import type { ForwardOptions } from './forward-options.ts';
import type { Layers } from './layers.ts';
import { makeDivisible } from './make-divisible.ts';
import { softmaxOfParts } from './softmax-of-parts.ts';
import { splitChannels } from './split-channels.ts';
import type { VarScope } from './var-scope.ts';

export interface SplitAttentionOptions {
  readonly channels: number;
  readonly dilation: number;
  readonly groups: number;
  /** Alternatives that are convolved for each channel. */
  readonly radix: number;
  readonly layers: Layers;
}

/** `[N, H, W, channels]` float32, of the same shape, normalised and activated. */
export type SplitAttention = (x: tf.Tensor4D, options?: ForwardOptions) => tf.Tensor4D;

/**
 * A 3×3 convolution that makes `radix` alternatives of each channel, and their sum, weighed by shares that the means of all channels
 * make: a softmax over the alternatives, or where there is one a sigmoid. Its ReLUs are ReLUs whatever the network's activation.
 *
 * @see Zhang et al. 2020, arXiv:2004.08955, figure 2; timm `SplitAttn`
 */
export function splitAttention(vars: VarScope, options: SplitAttentionOptions): SplitAttention {
  const { channels, dilation, groups, radix, layers } = options;
  const wide = channels * radix;
  const between = makeDivisible(wide / 4, { divisor: 8, least: 32 });
  const shape = { inChannels: channels, outChannels: wide, kernelSize: 3, dilation };
  const point = { kernelSize: 1, groups, bias: true };
  const conv = layers.conv(vars.scope('conv'), { ...shape, groups: groups * radix });
  const bn0 = layers.norm(vars.scope('bn0'), wide);
  const fc1 = layers.conv(vars.scope('fc1'), { ...point, inChannels: channels, outChannels: between });
  const bn1 = layers.norm(vars.scope('bn1'), between);
  const fc2 = layers.conv(vars.scope('fc2'), { ...point, inChannels: between, outChannels: wide });
  return (x, forward) => {
    const y = relu.apply(bn0.forward(conv.forward(x), forward)); // [N, H, W, radix · channels]
    const means = sum(splitChannels(tf.mean(y, [1, 2], true), radix)); // [N, 1, 1, channels]
    const gates = fc2.forward(relu.apply(bn1.forward(fc1.forward(means), forward))); // [N, 1, 1, radix · channels]
    if (radix === 1) return tf.mul(y, tf.sigmoid(gates));
    const shares = tf.concat(softmaxOfParts(byAlternative(gates, groups, radix)), 3);
    return sum(splitChannels(tf.mul(y, shares), radix));
  };
}

/** Channels that go by groups and in each by alternatives, by alternatives: `radix` of `[N, 1, 1, channels]`. */
function byAlternative(gates: tf.Tensor4D, groups: number, radix: number): tf.Tensor4D[] {
  const parts = splitChannels(gates, groups * radix);
  const ofRadix = (index: number): tf.Tensor4D[] => parts.filter((_, part) => part % radix === index);
  return Array.from({ length: radix }, (_, index) => (groups === 1 ? parts[index]! : tf.concat(ofRadix(index), 3)));
}

function sum(parts: readonly tf.Tensor4D[]): tf.Tensor4D {
  return parts.reduce((a, b) => tf.add(a, b));
}
