import { type Activation, relu } from './activation.ts';
import { batchNorm } from './batch-norm2d.ts';
import { type ConvType, conv2d } from './conv2d.ts';
import type { NormType } from './norm.ts';

/** What the stem, the blocks and the shortcuts of one network are made of alike. */
export interface Layers {
  readonly conv: ConvType;
  readonly norm: NormType;
  readonly activation: Activation;
}

/** He et al.'s: convolutions without bias, batch norm, ReLU. */
export const usualLayers: Layers = { conv: conv2d, norm: batchNorm, activation: relu };
