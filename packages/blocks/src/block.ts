import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { ForwardOptions } from './forward-options.ts';
import type { Layers } from './layers.ts';
import type { ShortcutType } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** What a network tells each of its blocks; what sets a kind of block apart is in its `BlockType`. */
export interface BlockOptions {
  readonly inChannels: number;
  /** Channels of the stage; the block puts out `planes * expansion`. */
  readonly planes: number;
  /** Bottleneck only: of each convolution's output, the last the block's, where they are not what `planes` makes: in a pruned network. */
  readonly channels?: readonly number[];
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Dilation of the convolution that may be strided; default `dilation`. A dilated stage begins with the one before's. */
  readonly firstDilation?: number;
  /** Bottleneck only; default 1. */
  readonly groups?: number;
  /** Bottleneck only: the 3×3 convolution has `planes * widthPerGroup / 64` channels a group; default 64. */
  readonly widthPerGroup?: number;
  /** Bottleneck only: which convolution has the stride, torchvision's 3×3 ("V1.5") or the paper's first 1×1; default `3x3`. */
  readonly strideIn?: StrideIn;
  /** Where the shapes differ; default `projectionShortcut`. Plain blocks have none. */
  readonly shortcut?: ShortcutType;
  /** The last norm, or the last convolution of a block that normalises first, starts at zero, and so the block as its shortcut. Default false. */
  readonly zeroInit?: boolean;
  /** Default `usualLayers`. */
  readonly layers?: Layers;
}

/** Which convolution of a bottleneck has the stride. */
export type StrideIn = '3x3' | '1x1';

export interface Block {
  /** `[N, H, W, inChannels]` → `[N, ⌈H / stride⌉, ⌈W / stride⌉, planes * expansion]` float32. */
  forward(x: Tensor4D, options?: ForwardOptions): Tensor4D;
}

/** The kind of block a network is made of: a value in its spec, such as `BasicBlock` or `bottleneck({ attention })`. */
export interface BlockType {
  readonly expansion: number;
  make(vars: VarScope, options: BlockOptions): Block;
}
