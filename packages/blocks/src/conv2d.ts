import * as tf from '@tensorflow/tfjs-core';
import { type ConvolveOptions, convolve } from './convolve.ts';
import { constant, kaimingNormalFanOut } from './initializer.ts';
import { padSpatial } from './pad-spatial.ts';
import type { VarScope } from './var-scope.ts';

/** A convolution, plain or with standardised weights. */
export interface Convolution {
  /** Where it is in the model, e.g. `layer1.0.conv1`. */
  readonly path: string;
  /** `[N, H, W, inChannels]` → `[N, H', W', outChannels]` float32. */
  forward(x: tf.Tensor4D): tf.Tensor4D;
}

/** How a network convolves: a value in its spec. */
export type ConvType = (vars: VarScope, options: Conv2dOptions) => Convolution;

export interface Conv2dOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the square filter. */
  readonly kernelSize: number;
  /** Default 1. */
  readonly stride?: number;
  /** Pixels on every side; default `dilation * (kernelSize - 1) / 2`, which keeps the size at stride 1. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Divides both channel counts; default 1. */
  readonly groups?: number;
  /** Default false: batch norm follows. */
  readonly bias?: boolean;
  /** Its weight starts at zero. Default false. */
  readonly zeroInit?: boolean;
}

/**
 * 2-D convolution, `[N, H, W, inChannels]` → `[N, H', W', outChannels]` float32, with gradients whatever the groups
 * and the dilation.
 *
 * @see torch `nn.Conv2d`
 */
export class Conv2d implements Convolution {
  readonly path: string;
  readonly weight: tf.Tensor4D;
  readonly bias?: tf.Tensor1D;
  readonly #padding: number;
  readonly #options: ConvolveOptions;

  constructor(vars: VarScope, options: Conv2dOptions) {
    const { inChannels, outChannels, kernelSize, stride = 1, dilation = 1, groups = 1 } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new RangeError(`${vars.path}: ${groups} groups must divide ${inChannels} and ${outChannels} channels`);
    this.path = vars.path;
    this.#padding = options.padding ?? (dilation * (kernelSize - 1)) / 2;
    this.#options = { stride, dilation, groups };
    const shape = [kernelSize, kernelSize, inChannels / groups, outChannels];
    const initializer = options.zeroInit ? constant(0) : kaimingNormalFanOut;
    this.weight = vars.variable('weight', { shape, layout: 'conv', initializer, trainable: true }) as tf.Tensor4D;
    if (options.bias) this.bias = vars.vector('bias', outChannels, constant(0));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    // Padded apart from the convolution: gradient kernels take valid and same only, and `same` at stride 2 is asymmetric.
    const y = convolve(padSpatial(x, this.#padding), this.filter(), this.#options);
    return this.bias ? tf.add(y, this.bias) : y;
  }

  /** What it convolves with: `[h, w, inChannels / groups, outChannels]`. */
  protected filter(): tf.Tensor4D {
    return this.weight;
  }
}

/** The usual convolution. */
export const conv2d: ConvType = (vars, options) => new Conv2d(vars, options);
