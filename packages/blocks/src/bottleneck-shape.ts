import type { BlockOptions } from './block.ts';

/** What a bottleneck's three convolutions have beside their inputs. */
export interface BottleneckShape {
  /** Channels of the first. */
  readonly firstWidth: number;
  /** Channels of the second; of a block that is not of another kind, of the first too. */
  readonly width: number;
  /** Channels of the last. */
  readonly outChannels: number;
  /** Of the first and of the second. */
  readonly strides: readonly [number, number];
  /** Of the second. */
  readonly dilation: number;
}

/** @see torchvision `Bottleneck`; Xie et al. 2016, arXiv:1611.05431, for the width of groups */
export function bottleneckShape(options: BlockOptions, reduceFirst = 1): BottleneckShape {
  const { planes, stride = 1, strideIn = '3x3', groups = 1, widthPerGroup = 64 } = options;
  const usual = Math.floor((planes * widthPerGroup) / 64) * groups;
  const [firstWidth = Math.floor(usual / reduceFirst), width = usual, outChannels = planes * 4] =
    options.channels ?? [];
  return {
    firstWidth,
    width,
    outChannels,
    strides: strideIn === '1x1' ? [stride, 1] : [1, stride],
    dilation: options.firstDilation ?? options.dilation ?? 1,
  };
}
