import { type Convolution, depth, outPixels } from '../shaders/convolution.ts';
import { directConvolution } from '../shaders/direct-convolution.ts';
import type { PlanBuilder, Slot } from './plan-builder.ts';

/** A way to compute a convolution, e.g. `direct 8×4`. */
export type ConvolutionVariant = `direct ${number}×${number}`;

export interface PlacedConvolution {
  readonly label: string;
  readonly convolution: Convolution;
  readonly x: Slot;
  readonly y: Slot;
  /** Where the convolution has a residual in a buffer of its own. */
  readonly residual?: Slot;
  /** The filter `[tap, in, out]` and the bias. */
  readonly pack: () => Float32Array;
}

/** The variant where nothing has been measured. */
export function defaultVariant(convolution: Convolution): ConvolutionVariant {
  const pixels = outPixels(convolution);
  return `direct ${rowsFor(pixels)}×${Math.min(pixels >= 784 ? 4 : 2, widestColumns(convolution))}`;
}

/** Adds the dispatches of a convolution. */
export function dispatchConvolution(
  builder: PlanBuilder,
  variant: ConvolutionVariant,
  { label, convolution, x, y, residual, pack }: PlacedConvolution,
): void {
  const [rows, columns] = variant.slice('direct '.length).split('×').map(Number) as [number, number];
  const { outVectors } = convolution;
  const weights = builder.weights((depth(convolution) + 1) * outVectors * 16, pack);
  const shader = directConvolution(convolution, { rows, columns, workgroup: workgroupOf(outVectors / columns) });
  builder.dispatch(label, shader, [x, weights, y, ...(residual ? [residual] : [])]);
}

/** Pixels of a thread: a number by which all can be divided, so that no thread has too many. */
function rowsFor(pixels: number): number {
  return [8, 7, 6, 5].find((rows) => pixels % rows === 0) ?? Math.min(pixels, 8);
}

/** The most vectors that a thread may compute: no thread works for two groups. */
function widestColumns({ outVectors, groups }: Convolution): number {
  const ofGroup = outVectors / groups;
  return [4, 2, 1].find((columns) => ofGroup % columns === 0)!;
}

const WORKGROUP_THREADS = 32;

/** As many threads along the columns as there are, up to eight. */
function workgroupOf(columnThreads: number): [number, number] {
  const x = [8, 4, 2, 1].find((threads) => threads <= columnThreads)!;
  return [x, WORKGROUP_THREADS / x];
}
