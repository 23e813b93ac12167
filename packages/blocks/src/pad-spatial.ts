import * as tf from '@tensorflow/tfjs-core';

const NONE: [number, number] = [0, 0];

/** `value`, by default zero, around every picture of `[N, H, W, C]`: `pixels` on each side, as PyTorch's symmetric padding. */
export function padSpatial(x: tf.Tensor4D, pixels: number, value = 0): tf.Tensor4D {
  const around: [number, number] = [pixels, pixels];
  return pixels === 0 ? x : tf.pad(x, [NONE, around, around, NONE], value);
}
