import { averagePoolShortcut, type BlockType, res2netBottleneck } from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';

// Rows of narrow convolutions in each block. @see Gao et al. 2019, arXiv:1904.01169; timm `res2net.py`
// What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const ofTwo: BlockType = /* @__PURE__ */ res2netBottleneck({ scale: 2 });
const ofFour: BlockType = /* @__PURE__ */ res2netBottleneck({ scale: 4 });
const ofSix: BlockType = /* @__PURE__ */ res2netBottleneck({ scale: 6 });
const ofEight: BlockType = /* @__PURE__ */ res2netBottleneck({ scale: 8 });
const stem: StemType = /* @__PURE__ */ deepStem([32, 32]);

/** Four parts of 26 channels in the first stage. */
export const res2net50_26w_4sSpec: ResNetSpec = {
  name: 'res2net50_26w_4s',
  block: ofFour,
  depths: [3, 4, 6, 3],
  widthPerGroup: 26,
};
export const res2net50_26w_4s: Builder = (options) => new ResNet(res2net50_26w_4sSpec, options);

export const res2net101_26w_4sSpec: ResNetSpec = {
  name: 'res2net101_26w_4s',
  block: ofFour,
  depths: [3, 4, 23, 3],
  widthPerGroup: 26,
};
export const res2net101_26w_4s: Builder = (options) => new ResNet(res2net101_26w_4sSpec, options);

export const res2net50_26w_6sSpec: ResNetSpec = {
  name: 'res2net50_26w_6s',
  block: ofSix,
  depths: [3, 4, 6, 3],
  widthPerGroup: 26,
};
export const res2net50_26w_6s: Builder = (options) => new ResNet(res2net50_26w_6sSpec, options);

export const res2net50_26w_8sSpec: ResNetSpec = {
  name: 'res2net50_26w_8s',
  block: ofEight,
  depths: [3, 4, 6, 3],
  widthPerGroup: 26,
};
export const res2net50_26w_8s: Builder = (options) => new ResNet(res2net50_26w_8sSpec, options);

export const res2net50_48w_2sSpec: ResNetSpec = {
  name: 'res2net50_48w_2s',
  block: ofTwo,
  depths: [3, 4, 6, 3],
  widthPerGroup: 48,
};
export const res2net50_48w_2s: Builder = (options) => new ResNet(res2net50_48w_2sSpec, options);

export const res2net50_14w_8sSpec: ResNetSpec = {
  name: 'res2net50_14w_8s',
  block: ofEight,
  depths: [3, 4, 6, 3],
  widthPerGroup: 14,
};
export const res2net50_14w_8s: Builder = (options) => new ResNet(res2net50_14w_8sSpec, options);

export const res2next50Spec: ResNetSpec = {
  name: 'res2next50',
  block: ofFour,
  depths: [3, 4, 6, 3],
  groups: 8,
  widthPerGroup: 4,
};
export const res2next50: Builder = (options) => new ResNet(res2next50Spec, options);

/** Deep stem, and shortcuts that pool. */
export const res2net50dSpec: ResNetSpec = {
  name: 'res2net50d',
  stem,
  block: ofFour,
  depths: [3, 4, 6, 3],
  widthPerGroup: 26,
  shortcut: averagePoolShortcut,
};
export const res2net50d: Builder = (options) => new ResNet(res2net50dSpec, options);

export const res2net101dSpec: ResNetSpec = {
  name: 'res2net101d',
  stem,
  block: ofFour,
  depths: [3, 4, 23, 3],
  widthPerGroup: 26,
  shortcut: averagePoolShortcut,
};
export const res2net101d: Builder = (options) => new ResNet(res2net101dSpec, options);

/** Those of timm's with published weights. */
export function res2netSpecs(): readonly ResNetSpec[] {
  return [
    res2net50_26w_4sSpec,
    res2net101_26w_4sSpec,
    res2net50_26w_6sSpec,
    res2net50_26w_8sSpec,
    res2net50_48w_2sSpec,
    res2net50_14w_8sSpec,
    res2next50Spec,
    res2net50dSpec,
    res2net101dSpec,
  ];
}
