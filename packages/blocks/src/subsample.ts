import * as tf from '@tensorflow/tfjs-core';

/**
 * Every `stride`-th pixel: `[N, H, W, C]` → `[N, ⌈H / stride⌉, ⌈W / stride⌉, C]`. Average pooling over one pixel, as a strided
 * slice has no gradient.
 */
export function subsample(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  return stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid');
}
