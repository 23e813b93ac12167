import * as tf from '@tensorflow/tfjs-core';
import { reflectPad } from './reflect-pad.ts';

/**
 * Takes a smoothed pixel in place of a convolution's every `stride`-th one, so that a shift of the picture by a pixel changes
 * little: `[N, H, W, C]`, made smaller by the stride. A value in a block's kind, and in a stem's pooling.
 */
export type AntiAlias = (x: tf.Tensor4D, stride: number) => tf.Tensor4D;

/** The mean of each whole square; a last odd row or column is left out, as in PyTorch. @see torch `nn.AvgPool2d(stride)` */
export const averageAntiAlias: AntiAlias = (x, stride) => (stride === 1 ? x : tf.avgPool(x, stride, stride, 'valid'));

/** A binomial filter of 3×3 pixels, the border mirrored. @see Zhang 2019, arXiv:1904.11486; timm `BlurPool2d` */
export const blurAntiAlias: AntiAlias = (x, stride) => {
  const filter = tf.reshape(tf.tensor1d([1, 2, 1, 2, 4, 2, 1, 2, 1].map((share) => share / 16)), [3, 3, 1, 1]);
  const each = tf.tile(filter, [1, 1, x.shape[3], 1]) as tf.Tensor4D;
  return tf.depthwiseConv2d(reflectPad(x), each, stride, 'valid');
};
