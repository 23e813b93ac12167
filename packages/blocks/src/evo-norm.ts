import * as tf from '@tensorflow/tfjs-core';
import { assertGroups, groupMoments } from './group-moments.ts';
import { constant } from './initializer.ts';
import type { Norm, NormType } from './norm.ts';

/**
 * EvoNorm-S0, which normalises and activates at once: `x · sigmoid(v · x)` over the deviation of its group of channels. Blocks
 * with it take `identity` as their activation.
 *
 * @see Liu et al. 2020, arXiv:2004.02967, table 2; timm `EvoNorm2dS0`
 */
export function evoNormS0(groups = 32): NormType {
  return (vars, channels, { epsilon = 1e-5, zeroInit = false } = {}): Norm => {
    assertGroups(vars, channels, groups);
    const weight = vars.vector('weight', channels, constant(zeroInit ? 0 : 1));
    const bias = vars.vector('bias', channels, constant(0));
    const v = vars.vector('v', channels, constant(1));
    return {
      forward<T extends tf.Tensor>(x: T): T {
        const { variance } = groupMoments(x as tf.Tensor as tf.Tensor4D, groups);
        const scale = tf.mul(tf.rsqrt(tf.add(variance, epsilon)), weight); // [N, 1, 1, channels]
        return tf.add(tf.mul(tf.mul(x, tf.sigmoid(tf.mul(x, v))), scale), bias) as tf.Tensor as T;
      },
    };
  };
}
