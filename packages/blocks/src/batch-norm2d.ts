import * as tf from '@tensorflow/tfjs-core';
import { batchNormTraining } from './batch-norm-training.ts';
import type { ForwardOptions } from './forward-options.ts';
import { constant } from './initializer.ts';
import type { Norm, NormOptions, NormType } from './norm.ts';
import type { VarScope } from './var-scope.ts';

/** PyTorch's convention: the weight of the new value. */
const MOMENTUM = 0.1;

/**
 * Batch norm over all axes but the last of `[N, H, W, channels]` or `[N, channels]` float32.
 *
 * Training normalises by the batch's biased variance and hands out running statistics with the unbiased one.
 *
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167; torch `nn.BatchNorm2d`, `nn.BatchNorm1d`
 */
export class BatchNorm2d implements Norm {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
  readonly runningMean: tf.Tensor1D;
  readonly runningVar: tf.Tensor1D;
  readonly #vars: VarScope;
  readonly #epsilon: number;

  constructor(vars: VarScope, channels: number, { epsilon = 1e-5, zeroInit = false }: NormOptions = {}) {
    this.#vars = vars;
    this.#epsilon = epsilon;
    this.weight = vars.vector('weight', channels, constant(zeroInit ? 0 : 1));
    this.bias = vars.vector('bias', channels, constant(0));
    this.runningMean = vars.vector('running_mean', channels, constant(0), false);
    this.runningVar = vars.vector('running_var', channels, constant(1), false);
  }

  forward<T extends tf.Tensor>(x: T, { training = false, frozenBatchNorm = false, updates }: ForwardOptions = {}): T {
    if (!training)
      return tf.batchNorm(x, this.runningMean, this.runningVar, this.bias, this.weight, this.#epsilon) as T;
    if (frozenBatchNorm) return this.#byRunningStatistics(x);
    const channels = x.shape.at(-1)!;
    const count = x.size / channels;
    if (count === 1) throw new RangeError(`${this.#vars.path}: training needs more than one value per channel, got 1`);
    const isMatrix = x.rank === 2;
    const pictures = (isMatrix ? tf.reshape(x, [-1, 1, 1, channels]) : x) as tf.Tensor4D;
    const y = batchNormTraining(pictures, this.weight, this.bias, this.#epsilon, (mean, variance) => {
      updates?.set(this.#vars.pathOf('running_mean'), blend(this.runningMean, mean, 1));
      updates?.set(this.#vars.pathOf('running_var'), blend(this.runningVar, variance, count / (count - 1)));
    });
    return (isMatrix ? tf.reshape(y, x.shape) : y) as T;
  }

  /** Spelled out: the gradient of tfjs's operation repeats the statistics over all pixels. */
  #byRunningStatistics<T extends tf.Tensor>(x: T): T {
    const scale = tf.mul(this.weight, tf.rsqrt(tf.add(this.runningVar, this.#epsilon)));
    return tf.add(tf.mul(x, scale), tf.sub(this.bias, tf.mul(this.runningMean, scale)));
  }
}

/** The usual norm. */
export const batchNorm: NormType = (vars, channels, options) => new BatchNorm2d(vars, channels, options);

function blend(running: tf.Tensor1D, batch: tf.Tensor, correction: number): tf.Tensor {
  return tf.keep(
    tf.tidy(() =>
      tf.add(tf.mul(running, 1 - MOMENTUM), tf.mul(tf.reshape(batch, running.shape), MOMENTUM * correction)),
    ),
  );
}
