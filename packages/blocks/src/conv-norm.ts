import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Conv2dOptions } from './conv2d.ts';
import type { ForwardOptions } from './forward-options.ts';
import type { Layers } from './layers.ts';
import type { VarScope } from './var-scope.ts';

/** A convolution called `conv` and its norm, called `bn`. */
export type ConvNorm = (x: Tensor4D, options?: ForwardOptions) => Tensor4D;

/** `zeroInit` is of the norm. @see timm `ConvNormAct` */
export function convNorm(vars: VarScope, layers: Layers, { zeroInit = false, ...options }: Conv2dOptions): ConvNorm {
  const conv = layers.conv(vars.scope('conv'), options);
  const norm = layers.norm(vars.scope('bn'), options.outChannels, { zeroInit });
  return (x, forward) => norm.forward(conv.forward(x), forward);
}
