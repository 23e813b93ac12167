import * as tf from '@tensorflow/tfjs-core';
import { relu } from './activation.ts';
import { convNorm } from './conv-norm.ts';
import type { Conv2dOptions } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import type { Layers } from './layers.ts';
import { makeDivisible } from './make-divisible.ts';
import { softmaxOfParts } from './softmax-of-parts.ts';
import { splitChannels } from './split-channels.ts';
import type { VarScope } from './var-scope.ts';

export interface SelectiveKernelKind {
  /** Channels that choose, as a share of the output's. */
  readonly ratio: number;
  /** They are a multiple of it. */
  readonly divisor: number;
  /** Each branch reads a half of the channels instead of all. */
  readonly splitsInput: boolean;
}

/** `[N, H, W, inChannels]` → `[N, H', W', outChannels]` float32, normalised and activated. */
export type SelectiveKernel = (x: tf.Tensor4D, options?: ForwardOptions) => tf.Tensor4D;

/** How far apart the taps of the two branches are: 3×3 convolutions that see 3×3 and 5×5 pixels. */
const spreads = [1, 2];

/**
 * Two 3×3 convolutions of different reach, and their sum, weighed for each channel by a softmax that the means of all channels make.
 * The ReLU of the choice is a ReLU whatever the network's activation.
 *
 * @see Li et al. 2019, arXiv:1903.06586, figure 1; timm `SelectiveKernel`
 */
export function selectiveKernel(
  vars: VarScope,
  layers: Layers,
  { ratio, divisor, splitsInput }: SelectiveKernelKind,
  options: Omit<Conv2dOptions, 'kernelSize'>,
): SelectiveKernel {
  const { outChannels, dilation = 1 } = options;
  const count = spreads.length;
  const inChannels = splitsInput ? options.inChannels / count : options.inChannels;
  const branches = spreads.map((spread, index) =>
    convNorm(vars.scope(`paths.${index}`), layers, {
      ...options,
      inChannels,
      kernelSize: 3,
      dilation: dilation * spread,
    }),
  );
  const attn = vars.scope('attn');
  const between = makeDivisible(outChannels * ratio, { divisor });
  const point = { kernelSize: 1, bias: false };
  const reduce = layers.conv(attn.scope('fc_reduce'), { ...point, inChannels: outChannels, outChannels: between });
  const norm = layers.norm(attn.scope('bn'), between);
  const select = layers.conv(attn.scope('fc_select'), {
    ...point,
    inChannels: between,
    outChannels: count * outChannels,
  });
  return (x, forward) => {
    const inputs = splitsInput ? splitChannels(x, count) : branches.map(() => x);
    const found = branches.map((branch, index) => layers.activation.apply(branch(inputs[index]!, forward)));
    const means = found.map((y) => tf.mean<tf.Tensor4D>(y, [1, 2], true)).reduce((a, b) => tf.add(a, b));
    const choice = select.forward(relu.apply(norm.forward(reduce.forward(means), forward)));
    const shares = softmaxOfParts(splitChannels(choice, count)); // [N, 1, 1, outChannels] each
    return found.map((y, index): tf.Tensor4D => tf.mul(y, shares[index]!)).reduce((a, b) => tf.add(a, b));
  };
}
