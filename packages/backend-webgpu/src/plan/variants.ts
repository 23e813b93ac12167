import { type Convolution, depth, multiplyAdds, outPixels } from '../shaders/convolution.ts';
import { directConvolution } from '../shaders/direct-convolution.ts';
import type { NumberType, Shader } from '../shaders/shader.ts';
import { canShareInSubgroups, subgroupConvolution } from '../shaders/subgroup-convolution.ts';
import { canTile, tiledConvolution } from '../shaders/tiled-convolution.ts';
import {
  canWinograd,
  type WinogradSize,
  winogradFilter,
  winogradInput,
  winogradOutput,
  winogradProducts,
  winogradTiles,
} from '../shaders/winograd.ts';
import type { DispatchWork, Slot } from './plan-builder.ts';

/**
 * A way to compute a convolution: in registers (pixels × vectors of a thread), in tiles of workgroup memory, with inputs
 * shared in subgroups, or by Winograd's F(2×2, 3×3) and F(4×4, 3×3).
 */
export type ConvolutionVariant = `direct ${number}×${number}` | 'tiled' | 'subgroups' | `winograd ${WinogradSize}`;

/** Takes the dispatches of a convolution. */
export interface DispatchTarget {
  /** Room for so many numbers. */
  weights(count: number, pack: () => Float32Array): Slot;
  scratch(count: number): Slot;
  dispatch(label: string, shader: Shader, slots: readonly Slot[], work: DispatchWork): void;
}

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

/** The variant where nothing has been measured: one dispatch, no workgroup memory. */
export function defaultVariant(convolution: Convolution): ConvolutionVariant {
  const pixels = outPixels(convolution);
  return `direct ${rowsFor(pixels)}×${Math.min(pixels >= 784 ? 4 : 2, widestColumns(convolution))}`;
}

/** Those worth measuring, the default first; Winograd's larger squares lose too many digits in halves. */
export function candidateVariants(
  convolution: Convolution,
  features: ReadonlySet<string>,
  type: NumberType,
): ConvolutionVariant[] {
  const rows = rowsFor(outPixels(convolution));
  const widest = widestColumns(convolution);
  return [
    ...new Set<ConvolutionVariant>([
      defaultVariant(convolution),
      `direct ${rows}×${Math.min(2, widest)}`,
      `direct ${Math.min(4, rows)}×${widest}`,
      ...(canTile(convolution) ? (['tiled'] as const) : []),
      ...(features.has('subgroups') && canShareInSubgroups(convolution) ? (['subgroups'] as const) : []),
      ...(canWinograd(convolution) ? (['winograd 2'] as const) : []),
      ...(canWinograd(convolution) && type === 'f32' ? (['winograd 4'] as const) : []),
    ]),
  ];
}

/** Adds the dispatches of a convolution. */
export function dispatchConvolution(
  target: DispatchTarget,
  variant: ConvolutionVariant,
  placed: PlacedConvolution,
): void {
  const { label, convolution, x, y, residual, pack } = placed;
  if (variant === 'winograd 2' || variant === 'winograd 4') {
    dispatchWinograd(target, variant === 'winograd 2' ? 2 : 4, placed);
    return;
  }
  const weights = target.weights((depth(convolution) + 1) * convolution.outVectors * 4, pack);
  const work = { algorithm: variant, multiplyAdds: multiplyAdds(convolution) };
  target.dispatch(label, shaderOf(variant, convolution), [x, weights, y, ...(residual ? [residual] : [])], work);
}

function shaderOf(variant: ConvolutionVariant, convolution: Convolution): Shader {
  if (variant === 'tiled') return tiledConvolution(convolution);
  if (variant === 'subgroups') return subgroupConvolution(convolution);
  const [rows, columns] = variant.slice('direct '.length).split('×').map(Number) as [number, number];
  return directConvolution(convolution, { rows, columns, workgroup: workgroupOf(convolution.outVectors / columns) });
}

function dispatchWinograd(
  target: DispatchTarget,
  size: WinogradSize,
  { label, convolution, x, y, residual, pack }: PlacedConvolution,
): void {
  const { inVectors, outVectors } = convolution;
  const { count, planes } = winogradTiles(convolution, size);
  const weights = target.weights((planes * inVectors * 4 + 1) * outVectors * 4, () =>
    winogradFilter(pack(), convolution, size),
  );
  const transformed = target.scratch(planes * count * inVectors * 4);
  const products = target.scratch(planes * count * outVectors * 4);
  const algorithm = `winograd f${size}`;
  const transform = { algorithm, multiplyAdds: 0 };
  const multiply = { algorithm, multiplyAdds: planes * count * inVectors * 4 * outVectors * 4 };
  target.dispatch(`${label}, input`, winogradInput(convolution, size), [x, transformed], transform);
  target.dispatch(
    `${label}, products`,
    winogradProducts(convolution, size),
    [transformed, weights, products],
    multiply,
  );
  const others = residual ? [residual] : [];
  target.dispatch(`${label}, output`, winogradOutput(convolution, size), [products, weights, y, ...others], transform);
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
