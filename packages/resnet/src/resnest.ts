import { averagePoolShortcut, type BlockType, resnestBottleneck } from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';

// Split attention. @see Zhang et al. 2020, arXiv:2004.08955; timm `resnest.py`
// What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const ofOne: BlockType = /* @__PURE__ */ resnestBottleneck({ radix: 1, pooling: 'before' });
const ofTwo: BlockType = /* @__PURE__ */ resnestBottleneck({ radix: 2, pooling: 'after' });
const ofFour: BlockType = /* @__PURE__ */ resnestBottleneck({ radix: 4, pooling: 'before' });
const stemD: StemType = /* @__PURE__ */ deepStem([32, 32]);
const stemE: StemType = /* @__PURE__ */ deepStem([64, 64]);

export const resnest14dSpec: ResNetSpec = {
  name: 'resnest14d',
  stem: stemD,
  block: ofTwo,
  depths: [1, 1, 1, 1],
  shortcut: averagePoolShortcut,
};
export const resnest14d: Builder = (options) => new ResNet(resnest14dSpec, options);

export const resnest26dSpec: ResNetSpec = {
  name: 'resnest26d',
  stem: stemD,
  block: ofTwo,
  depths: [2, 2, 2, 2],
  shortcut: averagePoolShortcut,
};
export const resnest26d: Builder = (options) => new ResNet(resnest26dSpec, options);

export const resnest50dSpec: ResNetSpec = {
  name: 'resnest50d',
  stem: stemD,
  block: ofTwo,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnest50d: Builder = (options) => new ResNet(resnest50dSpec, options);

/** A stem of twice the channels. */
export const resnest101eSpec: ResNetSpec = {
  name: 'resnest101e',
  stem: stemE,
  block: ofTwo,
  depths: [3, 4, 23, 3],
  width: 128,
  planes: [64, 128, 256, 512],
  shortcut: averagePoolShortcut,
};
export const resnest101e: Builder = (options) => new ResNet(resnest101eSpec, options);

export const resnest200eSpec: ResNetSpec = {
  name: 'resnest200e',
  stem: stemE,
  block: ofTwo,
  depths: [3, 24, 36, 3],
  width: 128,
  planes: [64, 128, 256, 512],
  shortcut: averagePoolShortcut,
};
export const resnest200e: Builder = (options) => new ResNet(resnest200eSpec, options);

export const resnest269eSpec: ResNetSpec = {
  name: 'resnest269e',
  stem: stemE,
  block: ofTwo,
  depths: [3, 30, 48, 8],
  width: 128,
  planes: [64, 128, 256, 512],
  shortcut: averagePoolShortcut,
};
export const resnest269e: Builder = (options) => new ResNet(resnest269eSpec, options);

/** Four alternatives, two groups of 40 channels. */
export const resnest50d_4s2x40dSpec: ResNetSpec = {
  name: 'resnest50d_4s2x40d',
  stem: stemD,
  block: ofFour,
  depths: [3, 4, 6, 3],
  groups: 2,
  widthPerGroup: 40,
  shortcut: averagePoolShortcut,
};
export const resnest50d_4s2x40d: Builder = (options) => new ResNet(resnest50d_4s2x40dSpec, options);

/** One alternative, four groups of 24 channels. */
export const resnest50d_1s4x24dSpec: ResNetSpec = {
  name: 'resnest50d_1s4x24d',
  stem: stemD,
  block: ofOne,
  depths: [3, 4, 6, 3],
  groups: 4,
  widthPerGroup: 24,
  shortcut: averagePoolShortcut,
};
export const resnest50d_1s4x24d: Builder = (options) => new ResNet(resnest50d_1s4x24dSpec, options);

/** Those of timm's with published weights. */
export function resnestSpecs(): readonly ResNetSpec[] {
  return [
    resnest14dSpec,
    resnest26dSpec,
    resnest50dSpec,
    resnest101eSpec,
    resnest200eSpec,
    resnest269eSpec,
    resnest50d_4s2x40dSpec,
    resnest50d_1s4x24dSpec,
  ];
}
