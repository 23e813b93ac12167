import { averagePoolShortcut, type BlockType, basicBlock, bottleneck, wideProjectionShortcut } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { seBottleneck, squeezeExcite16, stemD, stemS, stemT } from './timm-parts.ts';

// timm's nets with a squeeze-and-excite gate in each block. What is called at module scope is marked pure: a page
// carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const seBasic: BlockType = /* @__PURE__ */ basicBlock({ attention: squeezeExcite16 });
const senetBottleneck: BlockType = /* @__PURE__ */ bottleneck({ attention: squeezeExcite16, reduceFirst: 2 });

export const seresnet18Spec: ResNetSpec = {
  name: 'seresnet18',
  block: seBasic,
  depths: [2, 2, 2, 2],
};
export const seresnet18: Builder = (options) => new ResNet(seresnet18Spec, options);

export const seresnet34Spec: ResNetSpec = {
  name: 'seresnet34',
  block: seBasic,
  depths: [3, 4, 6, 3],
};
export const seresnet34: Builder = (options) => new ResNet(seresnet34Spec, options);

/** @see Hu et al. 2017, arXiv:1709.01507; timm `seresnet50` */
export const seresnet50Spec: ResNetSpec = {
  name: 'seresnet50',
  block: seBottleneck,
  depths: [3, 4, 6, 3],
};
export const seresnet50: Builder = (options) => new ResNet(seresnet50Spec, options);

export const seresnet50tSpec: ResNetSpec = {
  name: 'seresnet50t',
  stem: stemT,
  block: seBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const seresnet50t: Builder = (options) => new ResNet(seresnet50tSpec, options);

export const seresnet101Spec: ResNetSpec = {
  name: 'seresnet101',
  block: seBottleneck,
  depths: [3, 4, 23, 3],
};
export const seresnet101: Builder = (options) => new ResNet(seresnet101Spec, options);

export const seresnet152Spec: ResNetSpec = {
  name: 'seresnet152',
  block: seBottleneck,
  depths: [3, 8, 36, 3],
};
export const seresnet152: Builder = (options) => new ResNet(seresnet152Spec, options);

export const seresnet152dSpec: ResNetSpec = {
  name: 'seresnet152d',
  stem: stemD,
  block: seBottleneck,
  depths: [3, 8, 36, 3],
  shortcut: averagePoolShortcut,
};
export const seresnet152d: Builder = (options) => new ResNet(seresnet152dSpec, options);

export const seresnet200dSpec: ResNetSpec = {
  name: 'seresnet200d',
  stem: stemD,
  block: seBottleneck,
  depths: [3, 24, 36, 3],
  shortcut: averagePoolShortcut,
};
export const seresnet200d: Builder = (options) => new ResNet(seresnet200dSpec, options);

export const seresnet269dSpec: ResNetSpec = {
  name: 'seresnet269d',
  stem: stemD,
  block: seBottleneck,
  depths: [3, 30, 48, 8],
  shortcut: averagePoolShortcut,
};
export const seresnet269d: Builder = (options) => new ResNet(seresnet269dSpec, options);

export const seresnext26d_32x4dSpec: ResNetSpec = {
  name: 'seresnext26d_32x4d',
  stem: stemD,
  block: seBottleneck,
  depths: [2, 2, 2, 2],
  groups: 32,
  widthPerGroup: 4,
  shortcut: averagePoolShortcut,
};
export const seresnext26d_32x4d: Builder = (options) => new ResNet(seresnext26d_32x4dSpec, options);

export const seresnext26t_32x4dSpec: ResNetSpec = {
  name: 'seresnext26t_32x4d',
  stem: stemT,
  block: seBottleneck,
  depths: [2, 2, 2, 2],
  groups: 32,
  widthPerGroup: 4,
  shortcut: averagePoolShortcut,
};
export const seresnext26t_32x4d: Builder = (options) => new ResNet(seresnext26t_32x4dSpec, options);

export const seresnext50_32x4dSpec: ResNetSpec = {
  name: 'seresnext50_32x4d',
  block: seBottleneck,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
};
export const seresnext50_32x4d: Builder = (options) => new ResNet(seresnext50_32x4dSpec, options);

export const seresnext101_32x4dSpec: ResNetSpec = {
  name: 'seresnext101_32x4d',
  block: seBottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 4,
};
export const seresnext101_32x4d: Builder = (options) => new ResNet(seresnext101_32x4dSpec, options);

export const seresnext101_32x8dSpec: ResNetSpec = {
  name: 'seresnext101_32x8d',
  block: seBottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 8,
};
export const seresnext101_32x8d: Builder = (options) => new ResNet(seresnext101_32x8dSpec, options);

export const seresnext101d_32x8dSpec: ResNetSpec = {
  name: 'seresnext101d_32x8d',
  stem: stemD,
  block: seBottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 8,
  shortcut: averagePoolShortcut,
};
export const seresnext101d_32x8d: Builder = (options) => new ResNet(seresnext101d_32x8dSpec, options);

export const seresnext101_64x4dSpec: ResNetSpec = {
  name: 'seresnext101_64x4d',
  block: seBottleneck,
  depths: [3, 4, 23, 3],
  groups: 64,
  widthPerGroup: 4,
};
export const seresnext101_64x4d: Builder = (options) => new ResNet(seresnext101_64x4dSpec, options);

/**
 * The winner of ImageNet 2017: a first convolution half as wide, 3×3 projections.
 *
 * @see Hu et al. 2017, appendix; timm `senet154`
 */
export const senet154Spec: ResNetSpec = {
  name: 'senet154',
  stem: stemS,
  block: senetBottleneck,
  depths: [3, 8, 36, 3],
  width: 128,
  planes: [64, 128, 256, 512],
  groups: 64,
  widthPerGroup: 4,
  shortcut: wideProjectionShortcut,
};
export const senet154: Builder = (options) => new ResNet(senet154Spec, options);

/** All of this file. */
export function squeezeExciteSpecs(): readonly ResNetSpec[] {
  return [
    seresnet18Spec,
    seresnet34Spec,
    seresnet50Spec,
    seresnet50tSpec,
    seresnet101Spec,
    seresnet152Spec,
    seresnet152dSpec,
    seresnet200dSpec,
    seresnet269dSpec,
    seresnext26d_32x4dSpec,
    seresnext26t_32x4dSpec,
    seresnext50_32x4dSpec,
    seresnext101_32x4dSpec,
    seresnext101_32x8dSpec,
    seresnext101d_32x8dSpec,
    seresnext101_64x4dSpec,
    senet154Spec,
  ];
}
