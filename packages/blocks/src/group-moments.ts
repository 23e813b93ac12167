import * as tf from '@tensorflow/tfjs-core';
import type { VarScope } from './var-scope.ts';

/** What is known of the groups of channels of each picture, for each channel. */
export interface GroupMoments {
  /** What was measured, less its group's mean: `[N, H, W, C]`. */
  readonly centred: tf.Tensor4D;
  /** The biased variance of the channel's group: `[N, 1, 1, C]`. */
  readonly variance: tf.Tensor4D;
}

/** Measures `groups` groups of neighbouring channels of `x`, `[N, H, W, C]` float32, each over the whole picture. */
export function groupMoments(x: tf.Tensor4D, groups: number): GroupMoments {
  const centred: tf.Tensor4D = tf.sub(x, meanOfGroups(x, groups));
  return { centred, variance: meanOfGroups(tf.mul(centred, centred), groups) };
}

/** `[N, H, W, C]` → `[N, 1, 1, C]`. The product with ones sums a group and hands the sum to each of its channels. */
function meanOfGroups(x: tf.Tensor4D, groups: number): tf.Tensor4D {
  const means = tf.mean<tf.Tensor4D>(x, [1, 2], true);
  const size = means.shape[3] / groups;
  const sums: tf.Tensor2D = tf.matMul(tf.reshape(means, [-1, size]) as tf.Tensor2D, tf.ones([size, size]));
  return tf.reshape(tf.mul(sums, 1 / size), means.shape);
}

/** @throws RangeError where the groups do not divide the channels. */
export function assertGroups(vars: VarScope, channels: number, groups: number): void {
  if (channels % groups !== 0)
    throw new RangeError(`${vars.path}: expected channels that ${groups} groups divide, got ${channels}`);
}
