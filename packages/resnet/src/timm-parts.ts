import {
  type AttentionType,
  type BlockType,
  bottleneck,
  efficientChannelAttention,
  squeezeExcite,
} from '@residual/blocks';
import { deepStem } from './deep-stem.ts';
import type { StemType } from './stem.ts';

// What several families of timm's `resnet.py` have. What is called at module scope is marked pure.

/** Of `c` and `d`. */
export const stemD: StemType = /* @__PURE__ */ deepStem([32, 32]);
/** Of `s`: twice as wide; the stages are not. */
export const stemS: StemType = /* @__PURE__ */ deepStem([64, 64]);
/** Of `t`: tiered. */
export const stemT: StemType = /* @__PURE__ */ deepStem([24, 32]);

export const squeezeExcite16: AttentionType = /* @__PURE__ */ squeezeExcite({ ratio: 1 / 16 });
export const seBottleneck: BlockType = /* @__PURE__ */ bottleneck({ attention: squeezeExcite16 });
export const ecaBottleneck: BlockType = /* @__PURE__ */ bottleneck({ attention: efficientChannelAttention });
