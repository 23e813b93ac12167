import {
  type AttentionType,
  activated,
  type BlockType,
  basicBlock,
  bottleneck,
  squeezeExcite,
  wideProjectionShortcut,
} from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { type ModelNames, torchvisionNames } from './model-names.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { convolutionStem, type StemType } from './stem.ts';
import { maxPoolingToEnd } from './stem-pool.ts';

// Cadene's SENets under their own names, as timm keeps them: `layer0`, `se_module`, `last_linear`. What is called at
// module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const squeezeExciteLegacy: AttentionType = /* @__PURE__ */ squeezeExcite({
  ratio: 1 / 16,
  divisor: 1,
  name: 'se_module',
});
const legacyBasic: BlockType = /* @__PURE__ */ basicBlock({
  attention: /* @__PURE__ */ activated(squeezeExciteLegacy),
});
const legacyBottleneck: BlockType = /* @__PURE__ */ bottleneck({ attention: squeezeExciteLegacy });
const legacySenetBottleneck: BlockType = /* @__PURE__ */ bottleneck({
  attention: squeezeExciteLegacy,
  reduceFirst: 2,
});

const stemLegacy: StemType = /* @__PURE__ */ convolutionStem({
  pool: maxPoolingToEnd,
  names: { conv: 'layer0.conv1', norm: 'layer0.bn1' },
});
const stemLegacyDeep: StemType = /* @__PURE__ */ deepStem([64, 64], {
  pool: maxPoolingToEnd,
  names: [
    { conv: 'layer0.conv1', norm: 'layer0.bn1' },
    { conv: 'layer0.conv2', norm: 'layer0.bn2' },
    { conv: 'layer0.conv3', norm: 'layer0.bn3' },
  ],
});

const legacyNames: ModelNames = {
  block: (stage, index) => torchvisionNames.block(stage, index),
  norm: 'norm',
  head: 'last_linear',
};

/** @see Hu et al. 2017, arXiv:1709.01507; timm `legacy_seresnet18` */
export const legacy_seresnet18Spec: ResNetSpec = {
  name: 'legacy_seresnet18',
  stem: stemLegacy,
  block: legacyBasic,
  depths: [2, 2, 2, 2],
  names: legacyNames,
};
export const legacy_seresnet18: Builder = (options) => new ResNet(legacy_seresnet18Spec, options);

export const legacy_seresnet34Spec: ResNetSpec = {
  name: 'legacy_seresnet34',
  stem: stemLegacy,
  block: legacyBasic,
  depths: [3, 4, 6, 3],
  names: legacyNames,
};
export const legacy_seresnet34: Builder = (options) => new ResNet(legacy_seresnet34Spec, options);

/** The stride is in the first 1×1 convolution, as in Caffe's. */
export const legacy_seresnet50Spec: ResNetSpec = {
  name: 'legacy_seresnet50',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [3, 4, 6, 3],
  strideIn: '1x1',
  names: legacyNames,
};
export const legacy_seresnet50: Builder = (options) => new ResNet(legacy_seresnet50Spec, options);

export const legacy_seresnet101Spec: ResNetSpec = {
  name: 'legacy_seresnet101',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [3, 4, 23, 3],
  strideIn: '1x1',
  names: legacyNames,
};
export const legacy_seresnet101: Builder = (options) => new ResNet(legacy_seresnet101Spec, options);

export const legacy_seresnet152Spec: ResNetSpec = {
  name: 'legacy_seresnet152',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [3, 8, 36, 3],
  strideIn: '1x1',
  names: legacyNames,
};
export const legacy_seresnet152: Builder = (options) => new ResNet(legacy_seresnet152Spec, options);

export const legacy_seresnext26_32x4dSpec: ResNetSpec = {
  name: 'legacy_seresnext26_32x4d',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [2, 2, 2, 2],
  groups: 32,
  widthPerGroup: 4,
  names: legacyNames,
};
export const legacy_seresnext26_32x4d: Builder = (options) => new ResNet(legacy_seresnext26_32x4dSpec, options);

export const legacy_seresnext50_32x4dSpec: ResNetSpec = {
  name: 'legacy_seresnext50_32x4d',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
  names: legacyNames,
};
export const legacy_seresnext50_32x4d: Builder = (options) => new ResNet(legacy_seresnext50_32x4dSpec, options);

export const legacy_seresnext101_32x4dSpec: ResNetSpec = {
  name: 'legacy_seresnext101_32x4d',
  stem: stemLegacy,
  block: legacyBottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 4,
  names: legacyNames,
};
export const legacy_seresnext101_32x4d: Builder = (options) => new ResNet(legacy_seresnext101_32x4dSpec, options);

export const legacy_senet154Spec: ResNetSpec = {
  name: 'legacy_senet154',
  stem: stemLegacyDeep,
  block: legacySenetBottleneck,
  depths: [3, 8, 36, 3],
  width: 128,
  planes: [64, 128, 256, 512],
  groups: 64,
  widthPerGroup: 4,
  shortcut: wideProjectionShortcut,
  names: legacyNames,
};
export const legacy_senet154: Builder = (options) => new ResNet(legacy_senet154Spec, options);

/** All of this file. */
export function legacySenetSpecs(): readonly ResNetSpec[] {
  return [
    legacy_seresnet18Spec,
    legacy_seresnet34Spec,
    legacy_seresnet50Spec,
    legacy_seresnet101Spec,
    legacy_seresnet152Spec,
    legacy_seresnext26_32x4dSpec,
    legacy_seresnext50_32x4dSpec,
    legacy_seresnext101_32x4dSpec,
    legacy_senet154Spec,
  ];
}
