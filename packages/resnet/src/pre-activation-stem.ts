import { maxPool } from '@residual/blocks';
import type { StemType } from './stem.ts';

/** 7×7 convolution at stride 2, called `stem.conv`, and max pooling; the blocks normalise. @see timm `create_resnetv2_stem` */
export const preActivationStem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, { layers, ...channels }) => {
    const input = layers.conv(vars.scope('stem.conv'), { ...channels, kernelSize: 7, stride: 2 });
    return { input, forward: (x) => maxPool(input.forward(x), { isNonNegative: false }) };
  },
};

/** 3×3 convolution at full size, called `conv1`. @see https://github.com/kuangliu/pytorch-cifar/blob/master/models/preact_resnet.py */
export const preActivationCifarStem: StemType = {
  stride: 1,
  sizePx: 32,
  make: (vars, { layers, ...channels }) => {
    const input = layers.conv(vars.scope('conv1'), { ...channels, kernelSize: 3 });
    return { input, forward: (x) => input.forward(x) };
  },
};
