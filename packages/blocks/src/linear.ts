import * as tf from '@tensorflow/tfjs-core';
import { uniformFanIn } from './initializer.ts';
import type { VarScope } from './var-scope.ts';

export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Default true. */
  readonly bias?: boolean;
}

/** `[N, inFeatures]` → `[N, outFeatures]` float32. @see torch `nn.Linear` */
export class Linear {
  readonly weight: tf.Tensor2D;
  readonly bias?: tf.Tensor1D;

  constructor(vars: VarScope, { inFeatures, outFeatures, bias = true }: LinearOptions) {
    const initializer = uniformFanIn(inFeatures);
    const shape = [inFeatures, outFeatures];
    this.weight = vars.variable('weight', { shape, layout: 'linear', initializer, trainable: true }) as tf.Tensor2D;
    if (bias) this.bias = vars.vector('bias', outFeatures, initializer);
  }

  forward(x: tf.Tensor2D): tf.Tensor2D {
    const y: tf.Tensor2D = tf.matMul(x, this.weight);
    return this.bias ? tf.add(y, this.bias) : y;
  }
}
