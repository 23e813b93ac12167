import { averagePoolShortcut } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { ecaBottleneck, stemD } from './timm-parts.ts';

// timm's nets whose convolutions were pruned to widths of their own. What is called at module scope is marked pure:
// a page carries what it uses.

type Builder = (options?: ResNetOptions) => ResNet;

/** Channels of each block's first two convolutions, and of the stage. */
function prunedStage(out: number, blocks: readonly (readonly [number, number])[]): readonly (readonly number[])[] {
  return blocks.map(([first, second]) => [first, second, out]);
}

const channels50: ResNetSpec['channels'] = [
  /* @__PURE__ */ prunedStage(19, [
    [47, 18],
    [52, 22],
    [64, 35],
  ]),
  /* @__PURE__ */ prunedStage(171, [
    [85, 37],
    [107, 80],
    [120, 85],
    [125, 87],
  ]),
  /* @__PURE__ */ prunedStage(818, [
    [198, 126],
    [255, 232],
    [256, 233],
    [253, 235],
    [256, 225],
    [256, 239],
  ]),
  /* @__PURE__ */ prunedStage(2022, [
    [492, 237],
    [512, 500],
    [512, 490],
  ]),
];

const channels101: ResNetSpec['channels'] = [
  /* @__PURE__ */ prunedStage(26, [
    [45, 25],
    [53, 20],
    [60, 27],
  ]),
  /* @__PURE__ */ prunedStage(142, [
    [81, 24],
    [93, 49],
    [102, 54],
    [122, 78],
  ]),
  /* @__PURE__ */ prunedStage(278, [
    [101, 25],
    [239, 160],
    [234, 156],
    [250, 176],
    [253, 191],
    [251, 175],
    [230, 128],
    [244, 154],
    [244, 159],
    [238, 97],
    [244, 149],
    [253, 181],
    [245, 119],
    [255, 216],
    [256, 201],
    [253, 149],
    [254, 141],
    [256, 190],
    [256, 217],
    [255, 156],
    [256, 155],
    [256, 232],
    [256, 214],
  ]),
  /* @__PURE__ */ prunedStage(2042, [
    [499, 289],
    [512, 512],
    [512, 502],
  ]),
];

/** @see Aflalo et al. 2020, arXiv:2002.08258; timm `ecaresnet50d_pruned` */
export const ecaresnet50d_prunedSpec: ResNetSpec = {
  name: 'ecaresnet50d_pruned',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 4, 6, 3],
  shortcut: averagePoolShortcut,
  channels: channels50,
};
export const ecaresnet50d_pruned: Builder = (options) => new ResNet(ecaresnet50d_prunedSpec, options);

export const ecaresnet101d_prunedSpec: ResNetSpec = {
  name: 'ecaresnet101d_pruned',
  stem: stemD,
  block: ecaBottleneck,
  depths: [3, 4, 23, 3],
  shortcut: averagePoolShortcut,
  channels: channels101,
};
export const ecaresnet101d_pruned: Builder = (options) => new ResNet(ecaresnet101d_prunedSpec, options);

/** All of this file. */
export function prunedSpecs(): readonly ResNetSpec[] {
  return [ecaresnet50d_prunedSpec, ecaresnet101d_prunedSpec];
}
