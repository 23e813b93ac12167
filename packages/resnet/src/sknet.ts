import { type BlockType, selectiveKernelBasicBlock, selectiveKernelBottleneck } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

// Selective kernels. @see Li et al. 2019, arXiv:1903.06586; timm `sknet.py`
// What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const basic: BlockType = /* @__PURE__ */ selectiveKernelBasicBlock({ ratio: 1 / 8, divisor: 16, splitsInput: true });
const whole: BlockType = /* @__PURE__ */ selectiveKernelBottleneck({ ratio: 1 / 16, divisor: 32, splitsInput: false });

export const skresnet18Spec: ResNetSpec = {
  name: 'skresnet18',
  block: basic,
  depths: [2, 2, 2, 2],
};
export const skresnet18: Builder = (options) => new ResNet(skresnet18Spec, options);

export const skresnet34Spec: ResNetSpec = {
  name: 'skresnet34',
  block: basic,
  depths: [3, 4, 6, 3],
};
export const skresnet34: Builder = (options) => new ResNet(skresnet34Spec, options);

export const skresnext50_32x4dSpec: ResNetSpec = {
  name: 'skresnext50_32x4d',
  block: whole,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
};
export const skresnext50_32x4d: Builder = (options) => new ResNet(skresnext50_32x4dSpec, options);

/** Those of timm's with published weights. */
export function sknetSpecs(): readonly ResNetSpec[] {
  return [skresnet18Spec, skresnet34Spec, skresnext50_32x4dSpec];
}
