import * as tf from '@tensorflow/tfjs-core';
import { assertGroups, groupMoments } from './group-moments.ts';
import { constant } from './initializer.ts';
import type { Norm, NormType } from './norm.ts';

/**
 * Normalises each picture of `[N, H, W, channels]` float32 by itself, over its pixels and over groups of neighbouring channels:
 * no running statistics, the same in training.
 *
 * @throws RangeError where `groups` does not divide a layer's channels.
 * @see Wu & He 2018, arXiv:1803.08494; torch `nn.GroupNorm`
 */
export function groupNorm(groups = 32): NormType {
  return (vars, channels, { epsilon = 1e-5, zeroInit = false } = {}): Norm => {
    assertGroups(vars, channels, groups);
    const weight = vars.vector('weight', channels, constant(zeroInit ? 0 : 1));
    const bias = vars.vector('bias', channels, constant(0));
    return {
      forward<T extends tf.Tensor>(x: T): T {
        const { centred, variance } = groupMoments(x as tf.Tensor as tf.Tensor4D, groups);
        const scale = tf.mul(tf.rsqrt(tf.add(variance, epsilon)), weight); // [N, 1, 1, channels]
        return tf.add(tf.mul(centred, scale), bias) as tf.Tensor as T;
      },
    };
  };
}
