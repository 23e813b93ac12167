import {
  type Convolution,
  type ConvolutionKind,
  depth,
  kindOf,
  multiplyAdds,
  outPixels,
} from '../shaders/convolution.ts';
import { canSplit, type DirectBlocking, directConvolution, SHARES } from '../shaders/direct-convolution.ts';
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
import { type GpuFamily, unknownGpu } from './gpu-families.ts';
import type { DispatchWork, Slot } from './plan-builder.ts';

/**
 * A way to compute a convolution: in registers (pixels × vectors of a thread), also with the input channels split among threads,
 * in tiles of workgroup memory, with inputs shared in subgroups, or by Winograd's F(2×2, 3×3) and F(4×4, 3×3).
 */
export type ConvolutionVariant =
  | `${'direct' | 'split'} ${number}×${number}`
  | 'tiled'
  | 'subgroups'
  | `winograd ${WinogradSize}`;

/** The variants that a network takes, by what they are taken for. */
export type VariantsInUse = Readonly<Record<ConvolutionKind, ReadonlySet<ConvolutionVariant>>>;

/**
 * How a convolution is computed. A filter that each run gives lies as it is, so it goes directly: what transforms it before would
 * have to do so in every run.
 */
export type ChooseVariant = (convolution: Convolution, isGiven: boolean) => ConvolutionVariant;

/** Chooses as `choose` does, and keeps what was chosen. */
export function recordVariants(choose: ChooseVariant): {
  readonly choose: ChooseVariant;
  readonly inUse: VariantsInUse;
} {
  const inUse = {
    narrow: new Set<ConvolutionVariant>(),
    pointwise: new Set<ConvolutionVariant>(),
    window: new Set<ConvolutionVariant>(),
  };
  const recorded: ChooseVariant = (convolution, isGiven) => {
    const variant = choose(convolution, isGiven);
    inUse[kindOf(convolution)].add(variant);
    return variant;
  };
  return { choose: recorded, inUse };
}

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
  /** Where the filter and a row of zeros lie, if each run brings it. */
  readonly filter?: Slot;
  /** The filter `[tap, in, out]` and the bias. */
  readonly pack: () => Float32Array;
}

/**
 * The variant where nothing has been measured: one dispatch, by the table of GPUs. The first kernel with enough threads for
 * the layer; where none has, the first with enough once its channels are split; else the last.
 */
export function defaultVariant(convolution: Convolution, family: GpuFamily = unknownGpu): ConvolutionVariant {
  const fitted = family.blockings.map((blocking) => fit(blocking, convolution));
  const both = splits(family, convolution)
    ? [...fitted, ...fitted.map((blocking) => ({ ...blocking, shares: SHARES }))]
    : fitted;
  return nameOf(both.find((blocking) => threadsOf(convolution, blocking) >= family.busyThreads) ?? both.at(-1)!);
}

function splits({ splitsChannels = true }: GpuFamily, convolution: Convolution): boolean {
  return splitsChannels && canSplit(convolution);
}

/** Threads that have a part of a layer. */
export function threadsOf(convolution: Convolution, { rows, columns, shares = 1 }: DirectBlocking): number {
  return Math.ceil(outPixels(convolution) / rows) * (convolution.outVectors / columns) * shares;
}

/** Those worth measuring, the default first; Winograd's larger squares lose too many digits in halves. */
export function candidateVariants(
  convolution: Convolution,
  features: ReadonlySet<string>,
  type: NumberType,
  family: GpuFamily = unknownGpu,
): ConvolutionVariant[] {
  return [
    ...new Set<ConvolutionVariant>([
      defaultVariant(convolution, family),
      ...BLOCKINGS.map((blocking) => nameOf(fit(blocking, convolution))),
      ...(splits(family, convolution) && outPixels(convolution) <= FEW_PIXELS ? SPLIT_BLOCKINGS : []).map((blocking) =>
        nameOf(fit(blocking, convolution)),
      ),
      ...(canTile(convolution) ? (['tiled'] as const) : []),
      ...(features.has('subgroups') && canShareInSubgroups(convolution) ? (['subgroups'] as const) : []),
      ...(canWinograd(convolution) ? (['winograd 2'] as const) : []),
      ...(canWinograd(convolution) && type === 'f32' ? (['winograd 4'] as const) : []),
    ]),
  ];
}

const BLOCKINGS: readonly DirectBlocking[] = [
  { rows: 8, columns: 4 },
  { rows: 4, columns: 4 },
  { rows: 8, columns: 2 },
  { rows: 4, columns: 2 },
];

/** Of a picture at 224², the last two stages: larger layers have threads enough for any GPU. */
const FEW_PIXELS = 14 * 14;

const SPLIT_BLOCKINGS: readonly DirectBlocking[] = [
  { rows: 4, columns: 2, shares: SHARES },
  { rows: 2, columns: 1, shares: SHARES },
];

/**
 * A blocking for a layer: no more pixels than it has, sevens where that leaves no thread with fewer, as on all maps of a
 * network at 224², and no thread that works for two groups.
 */
function fit({ rows, columns, ...shared }: DirectBlocking, convolution: Convolution): DirectBlocking {
  const pixels = outPixels(convolution);
  const ofGroup = convolution.outVectors / convolution.groups;
  return {
    ...shared,
    rows: rows === 8 && pixels % 7 === 0 ? 7 : Math.min(rows, pixels),
    columns: [4, 2, 1].find((some) => some <= columns && ofGroup % some === 0)!,
  };
}

function nameOf({ rows, columns, shares = 1 }: DirectBlocking): ConvolutionVariant {
  return `${shares > 1 ? 'split' : 'direct'} ${rows}×${columns}`;
}

/** Adds the dispatches of a convolution. */
export function dispatchConvolution(
  target: DispatchTarget,
  variant: ConvolutionVariant,
  placed: PlacedConvolution,
): void {
  const { label, convolution, x, y, residual, filter, pack } = placed;
  if (variant === 'winograd 2' || variant === 'winograd 4') {
    dispatchWinograd(target, variant === 'winograd 2' ? 2 : 4, placed);
    return;
  }
  const weights = filter ?? target.weights((depth(convolution) + 1) * convolution.outVectors * 4, pack);
  const work = { algorithm: variant, multiplyAdds: multiplyAdds(convolution) };
  target.dispatch(label, shaderOf(variant, convolution), [x, weights, y, ...(residual ? [residual] : [])], work);
}

/** Whether a kernel splits the input channels among threads. */
export function isSplit(variant: ConvolutionVariant): boolean {
  return variant.startsWith('split');
}

/** Of a variant in registers; of another, that of the default. */
export function blockingOf(variant: ConvolutionVariant, convolution: Convolution): DirectBlocking {
  const known = /^(direct|split) (\d+)×(\d+)$/;
  const [, way, rows, columns] = known.exec(variant) ?? known.exec(defaultVariant(convolution))!;
  return { rows: Number(rows), columns: Number(columns), ...(way === 'split' && { shares: SHARES }) };
}

function shaderOf(variant: ConvolutionVariant, convolution: Convolution): Shader {
  if (variant === 'tiled') return tiledConvolution(convolution);
  if (variant === 'subgroups') return subgroupConvolution(convolution);
  return directConvolution(convolution, blockingOf(variant, convolution));
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
