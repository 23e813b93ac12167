import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, type Conv2dOptions, type ConvType } from './conv2d.ts';
import type { VarScope } from './var-scope.ts';

/**
 * Convolution whose filters are standardised first: the numbers that make one output channel have mean 0 and variance 1. It is a
 * function of the variable alone, so that an engine that is given weights computes it once.
 *
 * @see Qiao et al. 2019, arXiv:1903.10520; timm `StdConv2d`
 */
export class StdConv2d extends Conv2d {
  readonly #epsilon: number;

  constructor(vars: VarScope, options: Conv2dOptions, epsilon: number) {
    super(vars, options);
    this.#epsilon = epsilon;
  }

  protected override filter(): tf.Tensor4D {
    const { shape } = this.weight;
    const columns = tf.reshape(this.weight, [-1, shape[3]]); // [h · w · inChannels / groups, outChannels]
    const centred = tf.sub(columns, tf.mean(columns, 0));
    const variance = tf.mean(tf.square(centred), 0);
    return tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, this.#epsilon))), shape);
  }
}

/** How networks with standardised weights convolve; `epsilon`, 1e-6 as timm has it, is added to the variance. */
export function stdConv2d(epsilon = 1e-6): ConvType {
  return (vars, options) => new StdConv2d(vars, options, epsilon);
}
