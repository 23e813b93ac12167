import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Layers } from './layers.ts';
import type { VarScope } from './var-scope.ts';

export interface AttentionOptions {
  readonly channels: number;
  /** What they would be had the network not been pruned; default `channels`. */
  readonly unprunedChannels?: number;
  readonly layers: Layers;
}

/** Weighs what a block's convolutions give, before the shortcut is added: `[N, H, W, channels]` float32, the shape unchanged. */
export type Attention = (x: Tensor4D) => Tensor4D;

/** The kind of attention that a block has: a value in the block's. */
export type AttentionType = (vars: VarScope, options: AttentionOptions) => Attention;
