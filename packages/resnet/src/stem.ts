import type { Convolution, ForwardOptions, Layers, VarScope } from '@residual/blocks';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { maxPooling, type StemPool } from './stem-pool.ts';

export interface StemOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly layers: Layers;
}

export interface Stem {
  /** The convolution that reads the picture. */
  readonly input: Convolution;
  /** `[N, H, W, inChannels]` → what is pooled, or the stem's output where nothing is. */
  convolve(x: Tensor4D, options?: ForwardOptions): Tensor4D;
  /** Halves it, where the stem does. */
  readonly pool?: (x: Tensor4D, options?: ForwardOptions) => Tensor4D;
}

/** What comes before the stages: a value in the spec. */
export interface StemType {
  /** How many times smaller its output is than the picture. */
  readonly stride: number;
  /** Edge of the pictures that it is made for. */
  readonly sizePx: number;
  make(vars: VarScope, options: StemOptions): Stem;
}

/** How a convolution of a stem and its norm are called. */
export interface StemNames {
  readonly conv: string;
  readonly norm: string;
}

const usualNames: StemNames = { conv: 'conv1', norm: 'bn1' };

interface ConvolutionShape {
  readonly kernelSize: number;
  readonly stride: number;
}

export interface ConvolutionStemOptions {
  /** Default `maxPooling`. */
  readonly pool?: StemPool;
  /** Default `conv1` and `bn1`. */
  readonly names?: StemNames;
}

/** One convolution, its norm and activation, and pooling where `pool` is given. */
function convolve(
  vars: VarScope,
  { inChannels, outChannels, layers }: StemOptions,
  shape: ConvolutionShape,
  { pool, names = usualNames }: ConvolutionStemOptions = {},
): Stem {
  const input = layers.conv(vars.scope(names.conv), { inChannels, outChannels, ...shape });
  const norm = layers.norm(vars.scope(names.norm), outChannels);
  return {
    input,
    convolve: (x, options) => layers.activation.apply(norm.forward(input.forward(x), options)),
    ...(pool && { pool: pool(vars, { channels: outChannels, layers }) }),
  };
}

const atFullSize: ConvolutionShape = { kernelSize: 3, stride: 1 };

/** 3×3 convolution, batch norm and ReLU at full size, for pictures of about 32². @see He et al. 2015, section 4.2 */
export const cifarStem: StemType = {
  stride: 1,
  sizePx: 32,
  make: (vars, options) => convolve(vars, options, atFullSize),
};

/** The same with 3×3 max pooling at stride 2, which leaves no trace among the tensors. @see https://github.com/huyvnphan/PyTorch_CIFAR10 */
export const cifarMaxPoolStem: StemType = {
  stride: 2,
  sizePx: 32,
  make: (vars, options) => convolve(vars, options, atFullSize, { pool: maxPooling }),
};

/** 7×7 convolution at stride 2, batch norm, activation and pooling. */
export function convolutionStem({ pool = maxPooling, ...names }: ConvolutionStemOptions = {}): StemType {
  return {
    stride: 4,
    sizePx: 224,
    make: (vars, options) => convolve(vars, options, { kernelSize: 7, stride: 2 }, { pool, ...names }),
  };
}

/** 7×7 convolution at stride 2, batch norm, ReLU and 3×3 max pooling at stride 2. @see He et al. 2015, table 1 */
export const imagenetStem: StemType = /* @__PURE__ */ convolutionStem();
