import * as tf from '@tensorflow/tfjs-core';

/** The channels of `[N, H, W, count · C]` in `count` parts `[N, H, W, C]`, in order. */
export function splitChannels(x: tf.Tensor4D, count: number): tf.Tensor4D[] {
  return count === 1 ? [x] : (tf.split(x, count, 3) as tf.Tensor4D[]);
}
