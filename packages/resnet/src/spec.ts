import type { Activation, BlockType, ConvType, NormType, ShortcutType, StrideIn } from '@residual/blocks';
import type { BlockStride } from './block-stride.ts';
import type { HeadType } from './head.ts';
import type { ModelNames } from './model-names.ts';
import type { PoolType } from './pool.ts';
import type { StemType } from './stem.ts';

/** All that makes an architecture. Parts are values, so that a bundle has those that its variants use. */
export interface ResNetSpec {
  /** torchvision's name, else timm's or the publisher's, or the paper's for the CIFAR nets. */
  readonly name: string;
  /**
   * Its tensors have the names and shapes of a more usual variant's: weights are taken as this one's only where they are said
   * to be. Default false.
   */
  readonly onlyByName?: boolean;
  /** Default `imagenetStem`. */
  readonly stem?: StemType;
  readonly block: BlockType;
  /** Of each stage, where the stages' blocks are not all of the kind `block`. */
  readonly blocks?: readonly BlockType[];
  /** Blocks in each stage. */
  readonly depths: readonly number[];
  /** Channels of the stem's output, and of the first stage before the block's expansion; default 64. */
  readonly width?: number;
  /** Channels of each stage before the block's expansion; default `width`, doubled by each stage after the first. */
  readonly planes?: readonly number[];
  /**
   * Of the output of each convolution, for each block of each stage, the last the block's, where they are not what `planes`
   * makes: of a pruned network of bottlenecks.
   */
  readonly channels?: readonly (readonly (readonly number[])[])[];
  /** Of the bottlenecks' 3×3 convolutions; default 1. */
  readonly groups?: number;
  /** Channels of a group, as the first stage has them; default 64. */
  readonly widthPerGroup?: number;
  /** Where a block's output has another shape than its input; default the block's own, mostly `projectionShortcut`. */
  readonly shortcut?: ShortcutType;
  /** Which convolution of a bottleneck has the stride; default `3x3`. */
  readonly strideIn?: StrideIn;
  /** Which blocks halve the picture; default `strideAtFirstBlock`. */
  readonly blockStride?: BlockStride;
  /** How many times smaller the last feature map is than the picture; the stages that would go on halving are dilated instead. */
  readonly outputStride?: 8 | 16 | 32;
  /** Default `conv2d`. */
  readonly conv?: ConvType;
  /** Convolutions that have a bias, by their paths, or all; default none. */
  readonly convBias?: ReadonlySet<string> | 'all';
  /** Default `batchNorm`. */
  readonly norm?: NormType;
  /** Of the norm; default 1e-5. */
  readonly epsilon?: number;
  /** Default `relu`. */
  readonly activation?: Activation;
  /** Whether a norm and an activation follow the last stage, as blocks need that normalise first. Default false. */
  readonly finalNorm?: boolean;
  /** Default `averagePool`. */
  readonly pool?: PoolType;
  /** Default `linearHead`. */
  readonly head?: HeadType;
  /** Classes of the data set that it is published for; `null` for a network without a head. Default 1000. */
  readonly numClasses?: number | null;
  /** Channels of the pictures; default 3. */
  readonly inChannels?: number;
  /** Default `torchvisionNames`. */
  readonly names?: ModelNames;
}
