import type { Layers, VarScope } from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';

export interface PoolOptions {
  readonly channels: number;
  readonly layers: Layers;
}

/** Makes one vector of a feature map. */
export interface Pool {
  readonly outFeatures: number;
  /** Every pixel counts alike, so that a linear head's weights are the gradient at the feature map. */
  readonly isMean: boolean;
  /** `[N, h, w, channels]` → `[N, outFeatures]` float32. */
  forward(x: tf.Tensor4D): tf.Tensor2D;
}

/** What comes between the last stage and the head: a value in the spec. */
export type PoolType = (vars: VarScope, options: PoolOptions) => Pool;

/** The mean over the picture. @see torch `nn.AdaptiveAvgPool2d(1)` */
export const averagePool: PoolType = (_vars, { channels }) => ({
  outFeatures: channels,
  isMean: true,
  forward: (x) => tf.mean(x, [1, 2]),
});
