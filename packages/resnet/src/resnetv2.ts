import {
  averagePoolConvolutionShortcut,
  type BlockType,
  type ConvType,
  evoNormS0,
  groupNorm,
  identity,
  type NormType,
  preActivationBasicBlock,
  preActivationBottleneck,
  type ShortcutType,
  stdConv2d,
  timmPreActivationNames,
} from '@residual/blocks';
import { convolutionHead } from './convolution-head.ts';
import type { HeadType } from './head.ts';
import { timmV2Names } from './model-names.ts';
import { bitStem, preActivationDeepStem, preActivationStem } from './pre-activation-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

// Blocks that normalise first, a norm after the last. @see He et al. 2016, arXiv:1603.05027; timm `resnetv2.py`
// What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const basic: BlockType = /* @__PURE__ */ preActivationBasicBlock(timmPreActivationNames);
const block: BlockType = /* @__PURE__ */ preActivationBottleneck(timmPreActivationNames);
const shortcut: ShortcutType = /* @__PURE__ */ averagePoolConvolutionShortcut(timmPreActivationNames.shortcut);
const head: HeadType = /* @__PURE__ */ convolutionHead();
const norm: NormType = /* @__PURE__ */ groupNorm();
const evoNorm: NormType = /* @__PURE__ */ evoNormS0();
/** Of BiT, with its epsilon. */
const conv: ConvType = /* @__PURE__ */ stdConv2d(1e-8);

export const resnetv2_18Spec: ResNetSpec = {
  name: 'resnetv2_18',
  stem: preActivationStem,
  block: basic,
  depths: [2, 2, 2, 2],
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_18: Builder = (options) => new ResNet(resnetv2_18Spec, options);

/** Deep stem, and shortcuts that pool. */
export const resnetv2_18dSpec: ResNetSpec = {
  name: 'resnetv2_18d',
  stem: preActivationDeepStem,
  block: basic,
  depths: [2, 2, 2, 2],
  shortcut,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_18d: Builder = (options) => new ResNet(resnetv2_18dSpec, options);

export const resnetv2_34Spec: ResNetSpec = {
  name: 'resnetv2_34',
  stem: preActivationStem,
  block: basic,
  depths: [3, 4, 6, 3],
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_34: Builder = (options) => new ResNet(resnetv2_34Spec, options);

export const resnetv2_34dSpec: ResNetSpec = {
  name: 'resnetv2_34d',
  stem: preActivationDeepStem,
  block: basic,
  depths: [3, 4, 6, 3],
  shortcut,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_34d: Builder = (options) => new ResNet(resnetv2_34dSpec, options);

export const resnetv2_50Spec: ResNetSpec = {
  name: 'resnetv2_50',
  stem: preActivationStem,
  block,
  depths: [3, 4, 6, 3],
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50: Builder = (options) => new ResNet(resnetv2_50Spec, options);

export const resnetv2_101Spec: ResNetSpec = {
  name: 'resnetv2_101',
  stem: preActivationStem,
  block,
  depths: [3, 4, 23, 3],
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_101: Builder = (options) => new ResNet(resnetv2_101Spec, options);

/** Group norm. */
export const resnetv2_50d_gnSpec: ResNetSpec = {
  name: 'resnetv2_50d_gn',
  stem: preActivationDeepStem,
  block,
  depths: [3, 4, 6, 3],
  shortcut,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50d_gn: Builder = (options) => new ResNet(resnetv2_50d_gnSpec, options);

/** EvoNorm-S0, which activates too. */
export const resnetv2_50d_evosSpec: ResNetSpec = {
  name: 'resnetv2_50d_evos',
  stem: preActivationDeepStem,
  block,
  depths: [3, 4, 6, 3],
  shortcut,
  norm: evoNorm,
  activation: identity,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50d_evos: Builder = (options) => new ResNet(resnetv2_50d_evosSpec, options);

/** BiT: standardised weights and group norm. @see Kolesnikov et al. 2019, arXiv:1912.11370 */
export const resnetv2_50x1_bitSpec: ResNetSpec = {
  name: 'resnetv2_50x1_bit',
  stem: bitStem,
  block,
  depths: [3, 4, 6, 3],
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50x1_bit: Builder = (options) => new ResNet(resnetv2_50x1_bitSpec, options);

export const resnetv2_50x3_bitSpec: ResNetSpec = {
  name: 'resnetv2_50x3_bit',
  stem: bitStem,
  block,
  depths: [3, 4, 6, 3],
  width: 192,
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_50x3_bit: Builder = (options) => new ResNet(resnetv2_50x3_bitSpec, options);

export const resnetv2_101x1_bitSpec: ResNetSpec = {
  name: 'resnetv2_101x1_bit',
  stem: bitStem,
  block,
  depths: [3, 4, 23, 3],
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_101x1_bit: Builder = (options) => new ResNet(resnetv2_101x1_bitSpec, options);

export const resnetv2_101x3_bitSpec: ResNetSpec = {
  name: 'resnetv2_101x3_bit',
  stem: bitStem,
  block,
  depths: [3, 4, 23, 3],
  width: 192,
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_101x3_bit: Builder = (options) => new ResNet(resnetv2_101x3_bitSpec, options);

export const resnetv2_152x2_bitSpec: ResNetSpec = {
  name: 'resnetv2_152x2_bit',
  stem: bitStem,
  block,
  depths: [3, 8, 36, 3],
  width: 128,
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_152x2_bit: Builder = (options) => new ResNet(resnetv2_152x2_bitSpec, options);

export const resnetv2_152x4_bitSpec: ResNetSpec = {
  name: 'resnetv2_152x4_bit',
  stem: bitStem,
  block,
  depths: [3, 8, 36, 3],
  width: 256,
  conv,
  norm,
  finalNorm: true,
  head,
  names: timmV2Names,
};
export const resnetv2_152x4_bit: Builder = (options) => new ResNet(resnetv2_152x4_bitSpec, options);

/** Those of timm's with published weights. */
export function resnetV2Specs(): readonly ResNetSpec[] {
  return [
    resnetv2_18Spec,
    resnetv2_18dSpec,
    resnetv2_34Spec,
    resnetv2_34dSpec,
    resnetv2_50Spec,
    resnetv2_101Spec,
    resnetv2_50d_gnSpec,
    resnetv2_50d_evosSpec,
    resnetv2_50x1_bitSpec,
    resnetv2_50x3_bitSpec,
    resnetv2_101x1_bitSpec,
    resnetv2_101x3_bitSpec,
    resnetv2_152x2_bitSpec,
    resnetv2_152x4_bitSpec,
  ];
}
