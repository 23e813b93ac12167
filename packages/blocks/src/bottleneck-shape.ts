import type { BlockOptions } from './block.ts';

/** What a bottleneck's three convolutions have beside their inputs. */
export interface BottleneckShape {
  /** Channels of the first two. */
  readonly width: number;
  /** Channels of the last. */
  readonly outChannels: number;
  /** Of the first and of the second. */
  readonly strides: readonly [number, number];
  /** Of the second. */
  readonly dilation: number;
}

/** @see torchvision `Bottleneck`; Xie et al. 2016, arXiv:1611.05431, for the width of groups */
export function bottleneckShape(options: BlockOptions): BottleneckShape {
  const { planes, stride = 1, strideIn = '3x3', groups = 1, widthPerGroup = 64 } = options;
  return {
    width: Math.floor((planes * widthPerGroup) / 64) * groups,
    outChannels: planes * 4,
    strides: strideIn === '1x1' ? [stride, 1] : [1, stride],
    dilation: options.firstDilation ?? options.dilation ?? 1,
  };
}
