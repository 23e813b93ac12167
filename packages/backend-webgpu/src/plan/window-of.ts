import type { GraphNode } from '@residual/compile';
import type { Pooling } from '../shaders/pooling.ts';

type Pair = readonly [number, number];

/** The windows of a pooling, or of its gradient, over pictures of `shape` (`[N, H, W, C]`). */
export function windowOf(
  { attributes }: GraphNode,
  shape: readonly number[],
  outShape: readonly number[],
): Omit<Pooling, 'kind'> {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [[top], [left]] = attributes['pad'] as unknown as [Pair, Pair];
  return {
    batch,
    height,
    width,
    vectors: Math.ceil(channels / 4),
    window: attributes['filterSize'] as Pair,
    strides: attributes['strides'] as Pair,
    padBefore: [top, left],
    outHeight: outShape[1]!,
    outWidth: outShape[2]!,
  };
}
