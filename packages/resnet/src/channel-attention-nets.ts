import { averagePoolShortcut } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { ecaBottleneck, stemD, stemT } from './timm-parts.ts';

// timm's nets with efficient channel attention in each block. What is called at module scope is marked pure: a page
// carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

/** @see Wang et al. 2019, arXiv:1910.03151; timm `ecaresnet26t` */
export const ecaresnet26tSpec: ResNetSpec = {
  name: 'ecaresnet26t',
  stem: stemT,
  block: ecaBottleneck,
  depths: [2, 2, 2, 2],
  shortcut: averagePoolShortcut,
};
export const ecaresnet26t: Builder = (options) => new ResNet(ecaresnet26tSpec, options);

export const ecaresnet50dSpec: ResNetSpec = {
  name: 'ecaresnet50d',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const ecaresnet50d: Builder = (options) => new ResNet(ecaresnet50dSpec, options);

export const ecaresnet50tSpec: ResNetSpec = {
  name: 'ecaresnet50t',
  stem: stemT,
  block: ecaBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const ecaresnet50t: Builder = (options) => new ResNet(ecaresnet50tSpec, options);

export const ecaresnet101dSpec: ResNetSpec = {
  name: 'ecaresnet101d',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
};
export const ecaresnet101d: Builder = (options) => new ResNet(ecaresnet101dSpec, options);

export const ecaresnet200dSpec: ResNetSpec = {
  name: 'ecaresnet200d',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 24, 36, 3],
  shortcut: averagePoolShortcut,
};
export const ecaresnet200d: Builder = (options) => new ResNet(ecaresnet200dSpec, options);

export const ecaresnet269dSpec: ResNetSpec = {
  name: 'ecaresnet269d',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 30, 48, 8],
  shortcut: averagePoolShortcut,
};
export const ecaresnet269d: Builder = (options) => new ResNet(ecaresnet269dSpec, options);

export const ecaresnetlightSpec: ResNetSpec = {
  name: 'ecaresnetlight',
  block: ecaBottleneck,
  depths: [1, 1, 11, 3],
  shortcut: averagePoolShortcut,
};
export const ecaresnetlight: Builder = (options) => new ResNet(ecaresnetlightSpec, options);

export const ecaresnext26t_32x4dSpec: ResNetSpec = {
  name: 'ecaresnext26t_32x4d',
  stem: stemT,
  block: ecaBottleneck,
  depths: [2, 2, 2, 2],
  groups: 32,
  widthPerGroup: 4,
  shortcut: averagePoolShortcut,
};
export const ecaresnext26t_32x4d: Builder = (options) => new ResNet(ecaresnext26t_32x4dSpec, options);

export const ecaresnext50t_32x4dSpec: ResNetSpec = {
  name: 'ecaresnext50t_32x4d',
  stem: stemT,
  block: ecaBottleneck,
  depths: [3, 4, 6, 3],
  groups: 32,
  widthPerGroup: 4,
  shortcut: averagePoolShortcut,
};
export const ecaresnext50t_32x4d: Builder = (options) => new ResNet(ecaresnext50t_32x4dSpec, options);

/** All of this file. */
export function channelAttentionSpecs(): readonly ResNetSpec[] {
  return [
    ecaresnet26tSpec,
    ecaresnet50dSpec,
    ecaresnet50tSpec,
    ecaresnet101dSpec,
    ecaresnet200dSpec,
    ecaresnet269dSpec,
    ecaresnetlightSpec,
    ecaresnext26t_32x4dSpec,
    ecaresnext50t_32x4dSpec,
  ];
}
