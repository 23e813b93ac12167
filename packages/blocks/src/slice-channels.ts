import * as tf from '@tensorflow/tfjs-core';

/** The channels of `[N, H, W, count · C]` in `count` parts `[N, H, W, C]`, in order. */
export function sliceChannels(x: tf.Tensor4D, count: number): tf.Tensor4D[] {
  const [batch, height, width, channels] = x.shape;
  const size = channels / count;
  return Array.from({ length: count }, (_, part) => tf.slice(x, [0, 0, 0, part * size], [batch, height, width, size]));
}
