import * as tf from '@tensorflow/tfjs-core';

/** First values of a variable of `shape` (tfjs layout), float32; the caller disposes it. */
export type Initializer = (shape: number[], seed: number) => tf.Tensor;

/**
 * Kaiming normal, fan-out, ReLU gain: standard deviation √(2 / (out · h · w)).
 *
 * @see He et al. 2015, "Delving Deep into Rectifiers"; torchvision `resnet.py`: `kaiming_normal_(mode="fan_out")`
 */
export const kaimingNormalFanOut: Initializer = (shape, seed) => {
  const [height, width, , outChannels] = shape as [number, number, number, number];
  return tf.randomNormal(shape, 0, Math.sqrt(2 / (outChannels * height * width)), 'float32', seed);
};

/** Uniform in ±1/√fanIn. @see torch `nn.Linear.reset_parameters` */
export function uniformFanIn(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return (shape, seed) => tf.randomUniform(shape, -bound, bound, 'float32', seed);
}

/** Every value the same. */
export function constant(value: number): Initializer {
  return (shape) => tf.fill(shape, value, 'float32');
}
