import { averagePoolShortcut, type BlockType, bottleneck, squeezeExcite } from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';
import { convolutionPooling } from './stem-pool.ts';

// ResNet-RS: a deep stem that convolves where others pool, squeeze-and-excite gates, shortcuts that pool, great
// depth. What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const stemRs: StemType = /* @__PURE__ */ deepStem([32, 32], { pool: convolutionPooling });
const rsBottleneck: BlockType = /* @__PURE__ */ bottleneck({
  attention: /* @__PURE__ */ squeezeExcite({ ratio: 1 / 4 }),
});

/** @see Bello et al. 2021, arXiv:2103.07579; timm `resnetrs50` */
export const resnetrs50Spec: ResNetSpec = {
  name: 'resnetrs50',
  stem: stemRs,
  block: rsBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnetrs50: Builder = (options) => new ResNet(resnetrs50Spec, options);

export const resnetrs101Spec: ResNetSpec = {
  name: 'resnetrs101',
  stem: stemRs,
  block: rsBottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
};
export const resnetrs101: Builder = (options) => new ResNet(resnetrs101Spec, options);

export const resnetrs152Spec: ResNetSpec = {
  name: 'resnetrs152',
  stem: stemRs,
  block: rsBottleneck,
  depths: [3, 8, 36, 3],
  shortcut: averagePoolShortcut,
};
export const resnetrs152: Builder = (options) => new ResNet(resnetrs152Spec, options);

export const resnetrs200Spec: ResNetSpec = {
  name: 'resnetrs200',
  stem: stemRs,
  block: rsBottleneck,
  depths: [3, 24, 36, 3],
  shortcut: averagePoolShortcut,
};
export const resnetrs200: Builder = (options) => new ResNet(resnetrs200Spec, options);

export const resnetrs270Spec: ResNetSpec = {
  name: 'resnetrs270',
  stem: stemRs,
  block: rsBottleneck,
  depths: [4, 29, 53, 4],
  shortcut: averagePoolShortcut,
};
export const resnetrs270: Builder = (options) => new ResNet(resnetrs270Spec, options);

export const resnetrs350Spec: ResNetSpec = {
  name: 'resnetrs350',
  stem: stemRs,
  block: rsBottleneck,
  depths: [4, 36, 72, 4],
  shortcut: averagePoolShortcut,
};
export const resnetrs350: Builder = (options) => new ResNet(resnetrs350Spec, options);

export const resnetrs420Spec: ResNetSpec = {
  name: 'resnetrs420',
  stem: stemRs,
  block: rsBottleneck,
  depths: [4, 44, 87, 4],
  shortcut: averagePoolShortcut,
};
export const resnetrs420: Builder = (options) => new ResNet(resnetrs420Spec, options);

/** All of this file. */
export function resnetRsSpecs(): readonly ResNetSpec[] {
  return [
    resnetrs50Spec,
    resnetrs101Spec,
    resnetrs152Spec,
    resnetrs200Spec,
    resnetrs270Spec,
    resnetrs350Spec,
    resnetrs420Spec,
  ];
}
