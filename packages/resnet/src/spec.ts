import type { BlockType, ShortcutType } from '@residual/blocks';
import type { StemType } from './stem.ts';

/** What makes one variant: everything that its builder does not leave to the caller. */
export interface ResNetSpec {
  /** torchvision's name, or the paper's for the CIFAR nets. */
  readonly name: string;
  readonly block: BlockType;
  /** Blocks in each stage. */
  readonly depths: readonly number[];
  /** Channels of the first stage before the block's expansion, doubled by each stage after it; default 64. */
  readonly width?: number;
  /** Default `ImagenetStem`. */
  readonly stem?: StemType;
  /** Default 1. */
  readonly groups?: number;
  /** Default 64. */
  readonly widthPerGroup?: number;
  /** Default `projectionShortcut`. */
  readonly shortcut?: ShortcutType;
  /** Classes of the data set that it is published for; default 1000. */
  readonly numClasses?: number;
}
