import { averagePoolShortcut, type BlockType, Bottleneck, bottleneck, squeezeExcite } from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';

// timm's variants of torchvision's nets. What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

const stemD: StemType = /* @__PURE__ */ deepStem([32, 32]);
const seBottleneck: BlockType = /* @__PURE__ */ bottleneck({
  attention: /* @__PURE__ */ squeezeExcite({ ratio: 1 / 16 }),
});

/** Deep stem, and shortcuts that pool. @see He et al. 2018, arXiv:1812.01187, ResNet-50-D; timm `resnet50d` */
export const resnet50dSpec: ResNetSpec = {
  name: 'resnet50d',
  stem: stemD,
  block: Bottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
};
export const resnet50d: Builder = (options) => new ResNet(resnet50dSpec, options);

/** @see Hu et al. 2017, arXiv:1709.01507; timm `seresnet50` */
export const seresnet50Spec: ResNetSpec = { name: 'seresnet50', block: seBottleneck, depths: [3, 4, 6, 3] };
export const seresnet50: Builder = (options) => new ResNet(seresnet50Spec, options);
