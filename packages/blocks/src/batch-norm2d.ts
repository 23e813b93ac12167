import * as tf from '@tensorflow/tfjs-core';
import { batchNormTraining } from './batch-norm-training.ts';
import type { ForwardOptions } from './forward-options.ts';
import { constant } from './initializer.ts';
import type { VarScope } from './var-scope.ts';

const EPSILON = 1e-5;
/** PyTorch's convention: the weight of the new value. */
const MOMENTUM = 0.1;

/**
 * Batch norm over N, H and W of `[N, H, W, channels]` float32.
 *
 * Training normalises by the batch's biased variance and hands out running statistics with the unbiased one.
 *
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167; torch `nn.BatchNorm2d`
 */
export class BatchNorm2d {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
  readonly runningMean: tf.Tensor1D;
  readonly runningVar: tf.Tensor1D;
  readonly #vars: VarScope;

  constructor(vars: VarScope, channels: number, { zeroInit = false }: { zeroInit?: boolean } = {}) {
    this.#vars = vars;
    this.weight = vars.vector('weight', channels, constant(zeroInit ? 0 : 1));
    this.bias = vars.vector('bias', channels, constant(0));
    this.runningMean = vars.vector('running_mean', channels, constant(0), false);
    this.runningVar = vars.vector('running_var', channels, constant(1), false);
  }

  forward(x: tf.Tensor4D, { training = false, frozenBatchNorm = false, updates }: ForwardOptions = {}): tf.Tensor4D {
    if (!training || frozenBatchNorm)
      return tf.batchNorm(x, this.runningMean, this.runningVar, this.bias, this.weight, EPSILON);
    const count = x.size / x.shape[3];
    if (count === 1) throw new RangeError(`${this.#vars.path}: training needs more than one value per channel, got 1`);
    return batchNormTraining(x, this.weight, this.bias, EPSILON, (mean, variance) => {
      updates?.set(this.#vars.pathOf('running_mean'), blend(this.runningMean, mean, 1));
      updates?.set(this.#vars.pathOf('running_var'), blend(this.runningVar, variance, count / (count - 1)));
    });
  }
}

function blend(running: tf.Tensor1D, batch: tf.Tensor, correction: number): tf.Tensor {
  return tf.keep(
    tf.tidy(() =>
      tf.add(tf.mul(running, 1 - MOMENTUM), tf.mul(tf.reshape(batch, running.shape), MOMENTUM * correction)),
    ),
  );
}
