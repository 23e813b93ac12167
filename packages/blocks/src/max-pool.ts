import * as tf from '@tensorflow/tfjs-core';
import { padSpatial } from './pad-spatial.ts';

/** The least float32: no number of a picture is below it. */
const LEAST = -3.4028234663852886e38;

export interface MaxPoolOptions {
  /** No number is below zero, as after a ReLU: zeros are then as good a padding as PyTorch's -inf. */
  readonly isNonNegative: boolean;
}

/** The largest number of each 3×3 square, every second one, padded by one pixel: `[N, H, W, C]` → `[N, ⌈H / 2⌉, ⌈W / 2⌉, C]`. @see torch `nn.MaxPool2d(3, 2, 1)` */
export function maxPool(x: tf.Tensor4D, { isNonNegative }: MaxPoolOptions): tf.Tensor4D {
  return tf.maxPool(padSpatial(x, 1, isNonNegative ? 0 : LEAST), 3, 2, 'valid');
}
