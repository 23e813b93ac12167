import { maxPool, padSpatial, type VarScope } from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';
import type { Stem, StemOptions, StemType } from './stem.ts';

/** 7×7 convolution at stride 2, called `stem.conv`, and max pooling; the blocks normalise. @see timm `create_resnetv2_stem` */
export const preActivationStem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, options) => convolveAndPool(vars, options, (x) => maxPool(x, { isNonNegative: false })),
};

/**
 * The same with max pooling as in BiT, where zeros around the picture stand above what is negative.
 *
 * @see Kolesnikov et al. 2019, arXiv:1912.11370; timm `stem_type='fixed'`
 */
export const bitStem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, options) => convolveAndPool(vars, options, (x) => tf.maxPool(padSpatial(x, 1), 3, 2, 'valid')),
};

function convolveAndPool(
  vars: VarScope,
  { layers, ...channels }: StemOptions,
  pool: (x: tf.Tensor4D) => tf.Tensor4D,
): Stem {
  const input = layers.conv(vars.scope('stem.conv'), { ...channels, kernelSize: 7, stride: 2 });
  return { input, convolve: (x) => input.forward(x), pool };
}

/**
 * Three 3×3 convolutions in place of one of 7×7, the first at stride 2 and the first two of half the channels, and max pooling:
 * `stem.conv1`, `stem.norm1`, …, `stem.conv3`, which the first block normalises.
 *
 * @see He et al. 2018, arXiv:1812.01187, figure 2b (ResNet-C); timm `stem_type='deep'`
 */
export const preActivationDeepStem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, { inChannels, outChannels, layers }) => {
    const half = Math.floor(outChannels / 2);
    const stem = vars.scope('stem');
    const input = layers.conv(stem.scope('conv1'), { inChannels, outChannels: half, kernelSize: 3, stride: 2 });
    const norm1 = layers.norm(stem.scope('norm1'), half);
    const conv2 = layers.conv(stem.scope('conv2'), { inChannels: half, outChannels: half, kernelSize: 3 });
    const norm2 = layers.norm(stem.scope('norm2'), half);
    const conv3 = layers.conv(stem.scope('conv3'), { inChannels: half, outChannels, kernelSize: 3 });
    const { activation } = layers;
    return {
      input,
      convolve: (x, options) => {
        const first = activation.apply(norm1.forward(input.forward(x), options));
        const second = activation.apply(norm2.forward(conv2.forward(first), options));
        return conv3.forward(second);
      },
      pool: (x) => maxPool(x, { isNonNegative: false }),
    };
  },
};

/** 3×3 convolution at full size, called `conv1`. @see https://github.com/kuangliu/pytorch-cifar/blob/master/models/preact_resnet.py */
export const preActivationCifarStem: StemType = {
  stride: 1,
  sizePx: 32,
  make: (vars, { layers, ...channels }) => {
    const input = layers.conv(vars.scope('conv1'), { ...channels, kernelSize: 3 });
    return { input, convolve: (x) => input.forward(x) };
  },
};
