import {
  type BlockType,
  Bottleneck,
  maxPool,
  preActivationBottleneck,
  usualPreActivationNames,
} from '@residual/blocks';
import { strideAtLastBlock } from './block-stride.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';

// Keras's applications under torchvision's names. What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

/** Keras's number, for the net that Caffe's came from. */
const EPSILON = 1.001e-5;

/**
 * Biases on all convolutions, and a stage's stride in its first 1×1. Pictures are `kerasCaffe`'s, with filters that are turned
 * to RGB. A PyTorch net with biases has the same tensors.
 *
 * @see keras/src/applications/resnet.py, `ResNet50`
 */
export const keras_resnet50Spec: ResNetSpec = {
  name: 'keras_resnet50',
  onlyByName: true,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  strideIn: '1x1',
  convBias: 'all',
  epsilon: EPSILON,
};
export const keras_resnet50: Builder = (options) => new ResNet(keras_resnet50Spec, options);

export const keras_resnet101Spec: ResNetSpec = {
  name: 'keras_resnet101',
  onlyByName: true,
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  strideIn: '1x1',
  convBias: 'all',
  epsilon: EPSILON,
};
export const keras_resnet101: Builder = (options) => new ResNet(keras_resnet101Spec, options);

export const keras_resnet152Spec: ResNetSpec = {
  name: 'keras_resnet152',
  onlyByName: true,
  block: Bottleneck,
  depths: [3, 8, 36, 3],
  strideIn: '1x1',
  convBias: 'all',
  epsilon: EPSILON,
};
export const keras_resnet152: Builder = (options) => new ResNet(keras_resnet152Spec, options);

/** 7×7 convolution at stride 2, called `conv1`, and max pooling in which zeros around the picture stand above what is negative. */
const stem: StemType = {
  stride: 4,
  sizePx: 224,
  make: (vars, { layers, ...channels }) => {
    const input = layers.conv(vars.scope('conv1'), { ...channels, kernelSize: 7, stride: 2 });
    return { input, convolve: (x) => input.forward(x), pool: (x) => maxPool(x, { isNonNegative: true }) };
  },
};

const block: BlockType = /* @__PURE__ */ preActivationBottleneck(usualPreActivationNames, { sizeOnly: 'subsample' });

/** The convolutions that no norm follows have biases. */
function unnormalized(depths: readonly number[]): ReadonlySet<string> {
  const paths = depths.flatMap((depth, stage) => [
    `layer${stage + 1}.0.downsample.0`,
    ...Array.from({ length: depth }, (_, index) => `layer${stage + 1}.${index}.conv3`),
  ]);
  return new Set(['conv1', ...paths]);
}

/**
 * Blocks that normalise first, a stage's stride in its last one, whose input goes past subsampled. Its norms are called as in
 * other networks of such blocks: `layer1.0.bn1` is Keras's `preact_bn`. Pictures are `kerasTf`'s.
 *
 * @see keras/src/applications/resnet_v2.py, `ResNet50V2`
 */
export const keras_resnet50v2Spec: ResNetSpec = {
  name: 'keras_resnet50v2',
  stem,
  block,
  depths: [3, 4, 6, 3],
  blockStride: strideAtLastBlock,
  convBias: /* @__PURE__ */ unnormalized([3, 4, 6, 3]),
  epsilon: EPSILON,
  finalNorm: true,
};
export const keras_resnet50v2: Builder = (options) => new ResNet(keras_resnet50v2Spec, options);

export const keras_resnet101v2Spec: ResNetSpec = {
  name: 'keras_resnet101v2',
  stem,
  block,
  depths: [3, 4, 23, 3],
  blockStride: strideAtLastBlock,
  convBias: /* @__PURE__ */ unnormalized([3, 4, 23, 3]),
  epsilon: EPSILON,
  finalNorm: true,
};
export const keras_resnet101v2: Builder = (options) => new ResNet(keras_resnet101v2Spec, options);

export const keras_resnet152v2Spec: ResNetSpec = {
  name: 'keras_resnet152v2',
  stem,
  block,
  depths: [3, 8, 36, 3],
  blockStride: strideAtLastBlock,
  convBias: /* @__PURE__ */ unnormalized([3, 8, 36, 3]),
  epsilon: EPSILON,
  finalNorm: true,
};
export const keras_resnet152v2: Builder = (options) => new ResNet(keras_resnet152v2Spec, options);

/** All of them. */
export function kerasSpecs(): readonly ResNetSpec[] {
  return [
    keras_resnet50Spec,
    keras_resnet101Spec,
    keras_resnet152Spec,
    keras_resnet50v2Spec,
    keras_resnet101v2Spec,
    keras_resnet152v2Spec,
  ];
}
