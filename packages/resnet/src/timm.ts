import { averagePoolShortcut, BasicBlock, Bottleneck, groupNorm, type NormType } from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';
import { stemD, stemS, stemT } from './timm-parts.ts';

// timm's ResNets and ResNeXts: deep stems, tiered (`t`) or not, and average-pool shortcuts (`d`); group norm. What
// is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const norm: NormType = /* @__PURE__ */ groupNorm(32);
const smallStem: StemType = /* @__PURE__ */ deepStem([16, 16]);

/** A tiered stem, and shortcuts that pool. */
export const resnet10tSpec: ResNetSpec = {
  name: 'resnet10t',
  stem: stemT,
  block: BasicBlock,
  depths: [1, 1, 1, 1],
  shortcut: averagePoolShortcut,
};
export const resnet10t: Builder = (options) => new ResNet(resnet10tSpec, options);

export const resnet14tSpec: ResNetSpec = {
  name: 'resnet14t',
  stem: stemT,
  block: Bottleneck,
  depths: [1, 1, 1, 1],
  shortcut: averagePoolShortcut,
};
export const resnet14t: Builder = (options) => new ResNet(resnet14tSpec, options);

export const resnet18dSpec: ResNetSpec = {
  name: 'resnet18d',
  stem: stemD,
  block: BasicBlock,
  depths: [2, 2, 2, 2],
  shortcut: averagePoolShortcut,
};
export const resnet18d: Builder = (options) => new ResNet(resnet18dSpec, options);

export const resnet26dSpec: ResNetSpec = {
  name: 'resnet26d',
  stem: stemD,
  block: Bottleneck,
  depths: [2, 2, 2, 2],
  shortcut: averagePoolShortcut,
};
export const resnet26d: Builder = (options) => new ResNet(resnet26dSpec, options);

export const resnet26tSpec: ResNetSpec = {
  name: 'resnet26t',
  stem: stemT,
  block: Bottleneck,
  depths: [2, 2, 2, 2],
  shortcut: averagePoolShortcut,
};
export const resnet26t: Builder = (options) => new ResNet(resnet26tSpec, options);

export const resnet34dSpec: ResNetSpec = {
  name: 'resnet34d',
  stem: stemD,
  block: BasicBlock,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnet34d: Builder = (options) => new ResNet(resnet34dSpec, options);

/** A deep stem. @see He et al. 2018, arXiv:1812.01187, ResNet-C; timm `resnet50c` */
export const resnet50cSpec: ResNetSpec = {
  name: 'resnet50c',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
};
export const resnet50c: Builder = (options) => new ResNet(resnet50cSpec, options);

/** Deep stem, and shortcuts that pool. @see He et al. 2018, arXiv:1812.01187, ResNet-50-D; timm `resnet50d` */
export const resnet50dSpec: ResNetSpec = {
  name: 'resnet50d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnet50d: Builder = (options) => new ResNet(resnet50dSpec, options);

/** A deep stem twice as wide. @see timm `resnet50s`, from MXNet Gluon */
export const resnet50sSpec: ResNetSpec = {
  name: 'resnet50s',
  stem: stemS,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  width: 128,
  planes: [64, 128, 256, 512],
};
export const resnet50s: Builder = (options) => new ResNet(resnet50sSpec, options);

export const resnet50tSpec: ResNetSpec = {
  name: 'resnet50t',
  stem: stemT,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnet50t: Builder = (options) => new ResNet(resnet50tSpec, options);

/**
 * Its tensors are those of a resnet50 that was saved without its running statistics, so it is taken only by its name.
 *
 * @see Wu & He 2018, arXiv:1803.08494; timm `resnet50_gn`
 */
export const resnet50_gnSpec: ResNetSpec = {
  name: 'resnet50_gn',
  onlyByName: true,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  norm,
};
export const resnet50_gn: Builder = (options) => new ResNet(resnet50_gnSpec, options);

export const resnet101cSpec: ResNetSpec = {
  name: 'resnet101c',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 23, 3],
};
export const resnet101c: Builder = (options) => new ResNet(resnet101cSpec, options);

export const resnet101dSpec: ResNetSpec = {
  name: 'resnet101d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
};
export const resnet101d: Builder = (options) => new ResNet(resnet101dSpec, options);

export const resnet101sSpec: ResNetSpec = {
  name: 'resnet101s',
  stem: stemS,
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  width: 128,
  planes: [64, 128, 256, 512],
};
export const resnet101s: Builder = (options) => new ResNet(resnet101sSpec, options);

export const resnet152cSpec: ResNetSpec = {
  name: 'resnet152c',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 8, 36, 3],
};
export const resnet152c: Builder = (options) => new ResNet(resnet152cSpec, options);

export const resnet152dSpec: ResNetSpec = {
  name: 'resnet152d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 8, 36, 3],
  shortcut: averagePoolShortcut,
};
export const resnet152d: Builder = (options) => new ResNet(resnet152dSpec, options);

export const resnet152sSpec: ResNetSpec = {
  name: 'resnet152s',
  stem: stemS,
  block: Bottleneck,
  depths: [3, 8, 36, 3],
  width: 128,
  planes: [64, 128, 256, 512],
};
export const resnet152s: Builder = (options) => new ResNet(resnet152sSpec, options);

export const resnet200Spec: ResNetSpec = {
  name: 'resnet200',
  block: Bottleneck,
  depths: [3, 24, 36, 3],
};
export const resnet200: Builder = (options) => new ResNet(resnet200Spec, options);

export const resnet200dSpec: ResNetSpec = {
  name: 'resnet200d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 24, 36, 3],
  shortcut: averagePoolShortcut,
};
export const resnet200d: Builder = (options) => new ResNet(resnet200dSpec, options);

export const resnext50d_32x4dSpec: ResNetSpec = {
  name: 'resnext50d_32x4d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
  shortcut: averagePoolShortcut,
};
export const resnext50d_32x4d: Builder = (options) => new ResNet(resnext50d_32x4dSpec, options);

export const resnext101_32x4dSpec: ResNetSpec = {
  name: 'resnext101_32x4d',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 4,
};
export const resnext101_32x4d: Builder = (options) => new ResNet(resnext101_32x4dSpec, options);

export const resnext101_32x16dSpec: ResNetSpec = {
  name: 'resnext101_32x16d',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 16,
};
export const resnext101_32x16d: Builder = (options) => new ResNet(resnext101_32x16dSpec, options);

export const resnext101_32x32dSpec: ResNetSpec = {
  name: 'resnext101_32x32d',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 32,
};
export const resnext101_32x32d: Builder = (options) => new ResNet(resnext101_32x32dSpec, options);

/** A small net of both kinds of block, with trained weights, for tests. @see timm `test_resnet` */
export const test_resnetSpec: ResNetSpec = {
  name: 'test_resnet',
  stem: smallStem,
  block: BasicBlock,
  blocks: [BasicBlock, BasicBlock, Bottleneck, BasicBlock],
  depths: [1, 1, 1, 1],
  width: 32,
  planes: [32, 48, 48, 96],
  shortcut: averagePoolShortcut,
};
export const test_resnet: Builder = (options) => new ResNet(test_resnetSpec, options);

/** All of this file. */
export function timmResNetSpecs(): readonly ResNetSpec[] {
  return [
    resnet10tSpec,
    resnet14tSpec,
    resnet18dSpec,
    resnet26dSpec,
    resnet26tSpec,
    resnet34dSpec,
    resnet50cSpec,
    resnet50dSpec,
    resnet50sSpec,
    resnet50tSpec,
    resnet50_gnSpec,
    resnet101cSpec,
    resnet101dSpec,
    resnet101sSpec,
    resnet152cSpec,
    resnet152dSpec,
    resnet152sSpec,
    resnet200Spec,
    resnet200dSpec,
    resnext50d_32x4dSpec,
    resnext101_32x4dSpec,
    resnext101_32x16dSpec,
    resnext101_32x32dSpec,
    test_resnetSpec,
  ];
}
