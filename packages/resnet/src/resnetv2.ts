import { type BlockType, preActivationBottleneck, timmPreActivationNames } from '@residual/blocks';
import { convolutionHead } from './convolution-head.ts';
import type { HeadType } from './head.ts';
import { timmV2Names } from './model-names.ts';
import { preActivationStem } from './pre-activation-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

const block: BlockType = /* @__PURE__ */ preActivationBottleneck(timmPreActivationNames);
const head: HeadType = /* @__PURE__ */ convolutionHead();

/** Blocks that normalise first, a norm after the last. @see He et al. 2016, arXiv:1603.05027; timm `resnetv2_50` */
export const resnetv2_50Spec: ResNetSpec = {
  name: 'resnetv2_50',
  stem: preActivationStem,
  block,
  depths: [3, 4, 6, 3],
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50 = (options?: ResNetOptions): ResNet => new ResNet(resnetv2_50Spec, options);
