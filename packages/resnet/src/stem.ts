import {
  type Convolution,
  type ForwardOptions,
  type Layers,
  maxPool,
  type Norm,
  type VarScope,
} from '@residual/blocks';
import type { Tensor4D } from '@tensorflow/tfjs-core';

export interface StemOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly layers: Layers;
}

export interface Stem {
  /** The convolution that reads the picture. */
  readonly input: Convolution;
  forward(x: Tensor4D, options?: ForwardOptions): Tensor4D;
}

/** What comes before the stages: a value in the spec. */
export interface StemType {
  /** How many times smaller its output is than the picture. */
  readonly stride: number;
  /** Edge of the pictures that it is made for. */
  readonly sizePx: number;
  make(vars: VarScope, options: StemOptions): Stem;
}

/** One convolution, called `conv1`, its norm and activation. */
class ConvolutionStem implements Stem {
  readonly input: Convolution;
  readonly #bn1: Norm;
  readonly #layers: Layers;

  constructor(vars: VarScope, options: StemOptions, shape: { readonly kernelSize: number; readonly stride: number }) {
    const { inChannels, outChannels, layers } = options;
    this.#layers = layers;
    this.input = layers.conv(vars.scope('conv1'), { inChannels, outChannels, ...shape });
    this.#bn1 = layers.norm(vars.scope('bn1'), outChannels);
  }

  forward(x: Tensor4D, options?: ForwardOptions): Tensor4D {
    return this.#layers.activation.apply(this.#bn1.forward(this.input.forward(x), options));
  }
}

/** 3×3 convolution, batch norm and ReLU at full size, for pictures of about 32². @see He et al. 2015, section 4.2 */
export const cifarStem: StemType = {
  stride: 1,
  sizePx: 32,
  make: (vars, options) => new ConvolutionStem(vars, options, { kernelSize: 3, stride: 1 }),
};

/** 7×7 convolution at stride 2, batch norm, ReLU and 3×3 max pooling at stride 2. @see He et al. 2015, table 1 */
export const imagenetStem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, options) => {
    const stem = new ConvolutionStem(vars, options, { kernelSize: 7, stride: 2 });
    const { activation } = options.layers;
    return { input: stem.input, forward: (x, forward) => maxPool(stem.forward(x, forward), activation) };
  },
};
