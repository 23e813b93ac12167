import { averageAntiAlias, averagedProjectionShortcut, type BlockType, bottleneck } from '@residual/blocks';
import { attentionPool } from './attention-pool.ts';
import { deepStem } from './deep-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import type { StemType } from './stem.ts';
import { averagePooling } from './stem-pool.ts';

// The image towers of CLIP's residual networks: what is pooled is the embedding; there is no head. Their places fix the size
// of the pictures. What is called at module scope is marked pure: a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

/** Three 3×3 convolutions, the first at stride 2 and two of half the channels, and the mean of each 2×2 square. */
function clipStem(sizePx: number): StemType {
  const names = [1, 2, 3].map((number) => ({ conv: `conv${number}`, norm: `bn${number}` }));
  return deepStem((width) => [width / 2, width / 2], { pool: averagePooling, names, sizePx });
}

const block: BlockType = /* @__PURE__ */ bottleneck({ antiAlias: averageAntiAlias });

/** @see Radford et al. 2021, arXiv:2103.00020, section 2.4; CLIP `RN50` */
export const clip_resnet50Spec: ResNetSpec = {
  name: 'clip_resnet50',
  stem: /* @__PURE__ */ clipStem(224),
  block,
  depths: [3, 4, 6, 3],
  shortcut: averagedProjectionShortcut,
  pool: /* @__PURE__ */ attentionPool({ edge: 7, outFeatures: 1024 }),
  numClasses: null,
};
export const clip_resnet50: Builder = (options) => new ResNet(clip_resnet50Spec, options);

/** @see CLIP `RN101` */
export const clip_resnet101Spec: ResNetSpec = {
  name: 'clip_resnet101',
  stem: /* @__PURE__ */ clipStem(224),
  block,
  depths: [3, 4, 23, 3],
  shortcut: averagedProjectionShortcut,
  pool: /* @__PURE__ */ attentionPool({ edge: 7, outFeatures: 512 }),
  numClasses: null,
};
export const clip_resnet101: Builder = (options) => new ResNet(clip_resnet101Spec, options);

/** @see CLIP `RN50x4` */
export const clip_resnet50x4Spec: ResNetSpec = {
  name: 'clip_resnet50x4',
  stem: /* @__PURE__ */ clipStem(288),
  block,
  depths: [4, 6, 10, 6],
  width: 80,
  shortcut: averagedProjectionShortcut,
  pool: /* @__PURE__ */ attentionPool({ edge: 9, outFeatures: 640 }),
  numClasses: null,
};
export const clip_resnet50x4: Builder = (options) => new ResNet(clip_resnet50x4Spec, options);

/** @see CLIP `RN50x16` */
export const clip_resnet50x16Spec: ResNetSpec = {
  name: 'clip_resnet50x16',
  stem: /* @__PURE__ */ clipStem(384),
  block,
  depths: [6, 8, 18, 8],
  width: 96,
  shortcut: averagedProjectionShortcut,
  pool: /* @__PURE__ */ attentionPool({ edge: 12, outFeatures: 768 }),
  numClasses: null,
};
export const clip_resnet50x16: Builder = (options) => new ResNet(clip_resnet50x16Spec, options);

/** @see CLIP `RN50x64` */
export const clip_resnet50x64Spec: ResNetSpec = {
  name: 'clip_resnet50x64',
  stem: /* @__PURE__ */ clipStem(448),
  block,
  depths: [3, 15, 36, 10],
  width: 128,
  shortcut: averagedProjectionShortcut,
  pool: /* @__PURE__ */ attentionPool({ edge: 14, outFeatures: 1024 }),
  numClasses: null,
};
export const clip_resnet50x64: Builder = (options) => new ResNet(clip_resnet50x64Spec, options);

/** All of them. */
export function clipSpecs(): readonly ResNetSpec[] {
  return [clip_resnet50Spec, clip_resnet101Spec, clip_resnet50x4Spec, clip_resnet50x16Spec, clip_resnet50x64Spec];
}
