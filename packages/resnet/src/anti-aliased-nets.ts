import {
  averageAntiAlias,
  averagePoolShortcut,
  type BlockType,
  basicBlock,
  blurAntiAlias,
  bottleneck,
} from '@residual/blocks';
import { type DeepStemOptions, deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { convolutionStem, type StemType } from './stem.ts';
import { averagePooling, blurredMaxPooling } from './stem-pool.ts';
import { squeezeExcite16 } from './timm-parts.ts';

// timm's nets that smooth before they halve: by a blur, or by the mean of each square. The tensors are those of the
// net without. What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const averaged: Pick<DeepStemOptions, 'pool'> = { pool: averagePooling };
const stemBlur: StemType = /* @__PURE__ */ convolutionStem({ pool: blurredMaxPooling });
const stemBlurD: StemType = /* @__PURE__ */ deepStem([32, 32], { pool: blurredMaxPooling });
const stemAveraged: StemType = /* @__PURE__ */ convolutionStem(averaged);
const stemAveragedD: StemType = /* @__PURE__ */ deepStem([32, 32], averaged);
const stemAveragedS: StemType = /* @__PURE__ */ deepStem([64, 64], averaged);

const blurBasic: BlockType = /* @__PURE__ */ basicBlock({ antiAlias: blurAntiAlias });
const blurBottleneck: BlockType = /* @__PURE__ */ bottleneck({ antiAlias: blurAntiAlias });
const averagedBasic: BlockType = /* @__PURE__ */ basicBlock({ antiAlias: averageAntiAlias });
const averagedBottleneck: BlockType = /* @__PURE__ */ bottleneck({ antiAlias: averageAntiAlias });
const averagedSeBottleneck: BlockType = /* @__PURE__ */ bottleneck({
  attention: squeezeExcite16,
  antiAlias: averageAntiAlias,
});

export const resnetblur18Spec: ResNetSpec = {
  name: 'resnetblur18',
  onlyByName: true,
  stem: stemBlur,
  block: blurBasic,
  depths: [2, 2, 2, 2],
};
export const resnetblur18: Builder = (options) => new ResNet(resnetblur18Spec, options);

/** @see Zhang 2019, arXiv:1904.11486; timm `resnetblur50` */
export const resnetblur50Spec: ResNetSpec = {
  name: 'resnetblur50',
  onlyByName: true,
  stem: stemBlur,
  block: blurBottleneck,
  depths: [3, 4, 6, 3],
};
export const resnetblur50: Builder = (options) => new ResNet(resnetblur50Spec, options);

export const resnetblur50dSpec: ResNetSpec = {
  name: 'resnetblur50d',
  onlyByName: true,
  stem: stemBlurD,
  block: blurBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnetblur50d: Builder = (options) => new ResNet(resnetblur50dSpec, options);

export const resnetblur101dSpec: ResNetSpec = {
  name: 'resnetblur101d',
  onlyByName: true,
  stem: stemBlurD,
  block: blurBottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
};
export const resnetblur101d: Builder = (options) => new ResNet(resnetblur101dSpec, options);

export const resnetaa34dSpec: ResNetSpec = {
  name: 'resnetaa34d',
  onlyByName: true,
  stem: stemAveragedD,
  block: averagedBasic,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnetaa34d: Builder = (options) => new ResNet(resnetaa34dSpec, options);

/**
 * For pictures whose sides are multiples of 32: where a feature map is odd, the block and its shortcut round differently.
 *
 * @see timm `resnetaa50`
 */
export const resnetaa50Spec: ResNetSpec = {
  name: 'resnetaa50',
  onlyByName: true,
  stem: stemAveraged,
  block: averagedBottleneck,
  depths: [3, 4, 6, 3],
};
export const resnetaa50: Builder = (options) => new ResNet(resnetaa50Spec, options);

export const resnetaa50dSpec: ResNetSpec = {
  name: 'resnetaa50d',
  onlyByName: true,
  stem: stemAveragedD,
  block: averagedBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnetaa50d: Builder = (options) => new ResNet(resnetaa50dSpec, options);

export const resnetaa101dSpec: ResNetSpec = {
  name: 'resnetaa101d',
  onlyByName: true,
  stem: stemAveragedD,
  block: averagedBottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
};
export const resnetaa101d: Builder = (options) => new ResNet(resnetaa101dSpec, options);

export const seresnetaa50dSpec: ResNetSpec = {
  name: 'seresnetaa50d',
  stem: stemAveragedD,
  block: averagedSeBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const seresnetaa50d: Builder = (options) => new ResNet(seresnetaa50dSpec, options);

export const seresnextaa101d_32x8dSpec: ResNetSpec = {
  name: 'seresnextaa101d_32x8d',
  onlyByName: true,
  stem: stemAveragedD,
  block: averagedSeBottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 8,
  shortcut: averagePoolShortcut,
};
export const seresnextaa101d_32x8d: Builder = (options) => new ResNet(seresnextaa101d_32x8dSpec, options);

export const seresnextaa201d_32x8dSpec: ResNetSpec = {
  name: 'seresnextaa201d_32x8d',
  stem: stemAveragedS,
  block: averagedSeBottleneck,
  depths: [3, 24, 36, 4],
  width: 128,
  planes: [64, 128, 256, 512],
  groups: 32,
  widthPerGroup: 8,
  shortcut: averagePoolShortcut,
};
export const seresnextaa201d_32x8d: Builder = (options) => new ResNet(seresnextaa201d_32x8dSpec, options);

/** All of this file. */
export function antiAliasedSpecs(): readonly ResNetSpec[] {
  return [
    resnetblur18Spec,
    resnetblur50Spec,
    resnetblur50dSpec,
    resnetblur101dSpec,
    resnetaa34dSpec,
    resnetaa50Spec,
    resnetaa50dSpec,
    resnetaa101dSpec,
    seresnetaa50dSpec,
    seresnextaa101d_32x8dSpec,
    seresnextaa201d_32x8dSpec,
  ];
}
