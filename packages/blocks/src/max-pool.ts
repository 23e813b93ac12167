import * as tf from '@tensorflow/tfjs-core';
import { padSpatial } from './pad-spatial.ts';

/** The least float32: no number of a picture is below it. */
const LEAST = -3.4028234663852886e38;

export interface MaxPoolOptions {
  /** No number is below zero, as after a ReLU: zeros are then as good a padding as PyTorch's -inf. */
  readonly isNonNegative: boolean;
  /** Default 2. */
  readonly stride?: number;
}

/**
 * The largest number of each 3×3 square, every `stride`-th one, padded by one pixel: `[N, H, W, C]` →
 * `[N, ⌈H / stride⌉, ⌈W / stride⌉, C]`.
 *
 * @see torch `nn.MaxPool2d(3, stride, 1)`
 */
export function maxPool(x: tf.Tensor4D, { isNonNegative, stride = 2 }: MaxPoolOptions): tf.Tensor4D {
  return tf.maxPool(padSpatial(x, 1, isNonNegative ? 0 : LEAST), 3, stride, 'valid');
}

const NONE: [number, number] = [0, 0];

/**
 * The largest number of each 3×3 square, every second one, and of what there is of it at the end: `[N, H, W, C]` →
 * `[N, ⌊H / 2⌋, ⌊W / 2⌋, C]`, as Caffe pools.
 *
 * @see torch `nn.MaxPool2d(3, 2, ceil_mode=True)`
 */
export function maxPoolToEnd(x: tf.Tensor4D, { isNonNegative }: Pick<MaxPoolOptions, 'isNonNegative'>): tf.Tensor4D {
  const [, height, width] = x.shape;
  const end = (size: number): [number, number] => [0, 1 - (size % 2)];
  const isWhole = height % 2 === 1 && width % 2 === 1;
  const padded = isWhole ? x : tf.pad(x, [NONE, end(height), end(width), NONE], isNonNegative ? 0 : LEAST);
  return tf.maxPool(padded, 3, 2, 'valid');
}
