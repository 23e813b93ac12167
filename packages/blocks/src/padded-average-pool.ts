import * as tf from '@tensorflow/tfjs-core';
import { padSpatial } from './pad-spatial.ts';

/**
 * The mean of each 3×3 square, every `stride`-th one, padded by one pixel of zeros, which count: `[N, H, W, C]` →
 * `[N, ⌈H / stride⌉, ⌈W / stride⌉, C]`.
 *
 * @see torch `nn.AvgPool2d(3, stride, padding=1)`
 */
export function paddedAveragePool(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  return tf.avgPool(padSpatial(x, 1), 3, stride, 'valid');
}
