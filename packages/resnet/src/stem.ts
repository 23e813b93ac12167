import { BatchNorm2d, Conv2d, type ForwardOptions, padSpatial, type VarScope } from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';

export interface StemOptions {
  readonly inChannels: number;
  readonly outChannels: number;
}

export interface Stem {
  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D;
}

/** What comes before the stages: a value in the spec. */
export interface StemType {
  /** How many times smaller its output is than the picture. */
  readonly stride: number;
  new (vars: VarScope, options: StemOptions): Stem;
}

/** 3×3 convolution, batch norm and ReLU at full size, for pictures of about 32². @see He et al. 2015, section 4.2 */
export class CifarStem implements Stem {
  static readonly stride: number = 1;
  readonly #conv1: Conv2d;
  readonly #bn1: BatchNorm2d;

  constructor(vars: VarScope, options: StemOptions) {
    this.#conv1 = new Conv2d(vars.scope('conv1'), { ...options, kernelSize: 3 });
    this.#bn1 = new BatchNorm2d(vars.scope('bn1'), options.outChannels);
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.relu(this.#bn1.forward(this.#conv1.forward(x), options));
  }
}

/** 7×7 convolution at stride 2, batch norm, ReLU and 3×3 max pooling at stride 2. @see He et al. 2015, table 1 */
export class ImagenetStem implements Stem {
  static readonly stride: number = 4;
  readonly #conv1: Conv2d;
  readonly #bn1: BatchNorm2d;

  constructor(vars: VarScope, options: StemOptions) {
    this.#conv1 = new Conv2d(vars.scope('conv1'), { ...options, kernelSize: 7, stride: 2 });
    this.#bn1 = new BatchNorm2d(vars.scope('bn1'), options.outChannels);
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const y = tf.relu(this.#bn1.forward(this.#conv1.forward(x), options)); // [N, H / 2, W / 2, 64]
    // After a ReLU zeros are as good a padding as PyTorch's -inf.
    return tf.maxPool(padSpatial(y, 1), 3, 2, 'valid');
  }
}
