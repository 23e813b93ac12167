import * as tf from '@tensorflow/tfjs-core';
import type { PoolType } from './pool.ts';

/** The maxima over the picture, then the means, side by side. @see fastai `AdaptiveConcatPool2d` */
export const averageAndMaxPool: PoolType = (_vars, { channels }) => ({
  outFeatures: 2 * channels,
  isMean: false,
  forward: (x) => tf.concat([tf.max<tf.Tensor2D>(x, [1, 2]), tf.mean<tf.Tensor2D>(x, [1, 2])], 1),
});
