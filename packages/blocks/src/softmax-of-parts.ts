import * as tf from '@tensorflow/tfjs-core';

/** Shares of each number among those at its place in the other parts; they add up to one. @see torch `softmax` over a stack's axis */
export function softmaxOfParts(parts: readonly tf.Tensor4D[]): tf.Tensor4D[] {
  const largest = parts.reduce((a, b) => tf.maximum(a, b));
  const powers = parts.map((part): tf.Tensor4D => tf.exp(tf.sub(part, largest)));
  const sum = powers.reduce((a, b) => tf.add(a, b));
  return powers.map((power): tf.Tensor4D => tf.div(power, sum));
}
