import * as tf from '@tensorflow/tfjs-core';

/** A function of each number of a tensor, as a value: `relu`, `silu`, …. */
export interface Activation {
  /** PyTorch's name for people and for options, e.g. `leaky_relu`. */
  readonly name: string;
  /** Never below zero, so that zeros around a picture are as good as PyTorch's -inf before max pooling. */
  readonly isNonNegative: boolean;
  apply<T extends tf.Tensor>(x: T): T;
}

/** @see torch `nn.ReLU` */
export const relu: Activation = { name: 'relu', isNonNegative: true, apply: (x) => tf.relu(x) };

/** `min(max(x, 0), 6)`. @see torch `nn.ReLU6` */
export const relu6: Activation = { name: 'relu6', isNonNegative: true, apply: (x) => tf.relu6(x) };

/** A hundredth of `x` below zero. @see torch `nn.LeakyReLU` */
export const leakyRelu: Activation = {
  name: 'leaky_relu',
  isNonNegative: false,
  apply: <T extends tf.Tensor>(x: T): T => tf.add(tf.mul(x, 0.01), tf.mul(tf.relu(x), 0.99)) as T,
};

/** `x · sigmoid(x)`, also called Swish. @see torch `nn.SiLU` */
export const silu: Activation = {
  name: 'silu',
  isNonNegative: false,
  apply: <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.sigmoid(x)) as T,
};

/** `x · relu6(x + 3) / 6`. @see torch `nn.Hardswish` */
export const hardSwish: Activation = {
  name: 'hardswish',
  isNonNegative: false,
  apply: <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6)) as T,
};

/** Nothing: for a norm that activates by itself, such as `evoNormS0`. @see torch `nn.Identity` */
export const identity: Activation = { name: 'identity', isNonNegative: false, apply: (x) => x };
