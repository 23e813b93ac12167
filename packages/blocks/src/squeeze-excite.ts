import * as tf from '@tensorflow/tfjs-core';
import { relu } from './activation.ts';
import type { AttentionType } from './attention.ts';

export interface SqueezeExciteOptions {
  /** Channels between the two convolutions, as a share of the block's. */
  readonly ratio: number;
  /** The channels between are a multiple of it; default 8. */
  readonly divisor?: number;
  /** What its variables' names begin with; default `se`. */
  readonly name?: string;
}

/**
 * A gate for each channel, of the means of all of them: `x · sigmoid(fc2(relu(fc1(mean(x)))))`, its variables below `name`. The
 * ReLU is a ReLU whatever the network's activation.
 *
 * @see Hu et al. 2017, arXiv:1709.01507, section 3; timm `SEModule`
 */
export function squeezeExcite({ ratio, divisor = 8, name = 'se' }: SqueezeExciteOptions): AttentionType {
  return (vars, { channels, layers }) => {
    const se = vars.scope(name);
    const between = Math.max(divisor, Math.floor((channels * ratio + divisor / 2) / divisor) * divisor);
    const shape = { kernelSize: 1, bias: true };
    const fc1 = layers.conv(se.scope('fc1'), { ...shape, inChannels: channels, outChannels: between });
    const fc2 = layers.conv(se.scope('fc2'), { ...shape, inChannels: between, outChannels: channels });
    return (x) => {
      const mean = tf.mean<tf.Tensor4D>(x, [1, 2], true); // [N, 1, 1, channels]
      return tf.mul(x, tf.sigmoid(fc2.forward(relu.apply(fc1.forward(mean)))));
    };
  };
}
