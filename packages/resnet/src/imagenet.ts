import { BasicBlock, Bottleneck, PlainBasicBlock } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

// A constant and a function each, and no shared object to spread, so that a page carries only the blocks that it uses.

type Builder = (options?: ResNetOptions) => ResNet;

/** @see He et al. 2015, table 1 */
export const resnet18Spec: ResNetSpec = { name: 'resnet18', block: BasicBlock, depths: [2, 2, 2, 2] };
export const resnet18: Builder = (options) => new ResNet(resnet18Spec, options);

/** Hugging Face's `microsoft/resnet-26`, and timm's `resnet26`: resnet18's depths in bottlenecks. */
export const resnet26Spec: ResNetSpec = { name: 'resnet26', block: Bottleneck, depths: [2, 2, 2, 2] };
export const resnet26: Builder = (options) => new ResNet(resnet26Spec, options);

export const resnet34Spec: ResNetSpec = { name: 'resnet34', block: BasicBlock, depths: [3, 4, 6, 3] };
export const resnet34: Builder = (options) => new ResNet(resnet34Spec, options);

export const resnet50Spec: ResNetSpec = { name: 'resnet50', block: Bottleneck, depths: [3, 4, 6, 3] };
export const resnet50: Builder = (options) => new ResNet(resnet50Spec, options);

export const resnet101Spec: ResNetSpec = { name: 'resnet101', block: Bottleneck, depths: [3, 4, 23, 3] };
export const resnet101: Builder = (options) => new ResNet(resnet101Spec, options);

export const resnet152Spec: ResNetSpec = { name: 'resnet152', block: Bottleneck, depths: [3, 8, 36, 3] };
export const resnet152: Builder = (options) => new ResNet(resnet152Spec, options);

/** @see Xie et al. 2016, arXiv:1611.05431 */
export const resnext50_32x4dSpec: ResNetSpec = {
  name: 'resnext50_32x4d',
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
};
export const resnext50_32x4d: Builder = (options) => new ResNet(resnext50_32x4dSpec, options);

export const resnext101_32x8dSpec: ResNetSpec = {
  name: 'resnext101_32x8d',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  groups: 32,
  widthPerGroup: 8,
};
export const resnext101_32x8d: Builder = (options) => new ResNet(resnext101_32x8dSpec, options);

export const resnext101_64x4dSpec: ResNetSpec = {
  name: 'resnext101_64x4d',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  groups: 64,
  widthPerGroup: 4,
};
export const resnext101_64x4d: Builder = (options) => new ResNet(resnext101_64x4dSpec, options);

/** @see Zagoruyko & Komodakis 2016, arXiv:1605.07146; the 3×3 convolutions are twice as wide */
export const wide_resnet50_2Spec: ResNetSpec = {
  name: 'wide_resnet50_2',
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  widthPerGroup: 128,
};
export const wide_resnet50_2: Builder = (options) => new ResNet(wide_resnet50_2Spec, options);

export const wide_resnet101_2Spec: ResNetSpec = {
  name: 'wide_resnet101_2',
  block: Bottleneck,
  depths: [3, 4, 23, 3],
  widthPerGroup: 128,
};
export const wide_resnet101_2: Builder = (options) => new ResNet(wide_resnet101_2Spec, options);

export const plain18Spec: ResNetSpec = { name: 'plain18', block: PlainBasicBlock, depths: [2, 2, 2, 2] };
export const plain18: Builder = (options) => new ResNet(plain18Spec, options);

/** @see He et al. 2015, figure 3 middle */
export const plain34Spec: ResNetSpec = { name: 'plain34', block: PlainBasicBlock, depths: [3, 4, 6, 3] };
export const plain34: Builder = (options) => new ResNet(plain34Spec, options);
