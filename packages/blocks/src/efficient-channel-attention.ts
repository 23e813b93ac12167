import * as tf from '@tensorflow/tfjs-core';
import type { AttentionType } from './attention.ts';
import { uniformFanIn } from './initializer.ts';

/**
 * A gate for each channel, of the means of the few channels beside it: `x · sigmoid(conv1d(mean(x)))`, the filter called
 * `se.conv.weight`. The more channels, the longer it is.
 *
 * @see Wang et al. 2019, arXiv:1910.03151, equations 9 and 12; timm `EcaModule`
 */
export const efficientChannelAttention: AttentionType = (vars, { channels, unprunedChannels = channels }) => {
  const size = filterSize(unprunedChannels);
  const weight = vars.scope('se.conv').variable('weight', {
    shape: [size, 1, 1],
    layout: 'conv1d',
    initializer: uniformFanIn(size),
    trainable: true,
  });
  return (x) => {
    const mean: tf.Tensor4D = tf.reshape(tf.mean(x, [1, 2]), [-1, 1, channels, 1]); // the channels side by side, as pixels
    const gates = tf.conv2d(mean, tf.reshape(weight, [1, size, 1, 1]), 1, 'same'); // [N, 1, channels, 1]
    return tf.mul(x, tf.sigmoid(tf.reshape(gates, [-1, 1, 1, channels])));
  };
};

/** Odd, and at least 3. */
function filterSize(channels: number): number {
  const size = Math.floor((Math.log2(channels) + 1) / 2);
  return Math.max(size % 2 === 1 ? size : size + 1, 3);
}
