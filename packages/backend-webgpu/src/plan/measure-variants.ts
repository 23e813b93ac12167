import type { PipelineCache } from '../runtime/pipeline-cache.ts';
import { StepClock } from '../runtime/step-clock.ts';
import { type Convolution, multiplyAdds } from '../shaders/convolution.ts';
import type { NumberType } from '../shaders/shader.ts';
import { deviceKey } from './device-key.ts';
import { fastestTrial } from './fastest-trial.ts';
import { familyOf, type GpuFamily } from './gpu-families.ts';
import { VariantTrial } from './variant-trial.ts';
import { type ConvolutionVariant, candidateVariants } from './variants.ts';

/** Remembers what is known of an adapter: which of some variants is the fastest for a shape, what it computes wrongly. */
export interface VariantMemory {
  get(key: string): Promise<string | undefined>;
  set(key: string, variant: string): Promise<void>;
}

export interface VariantMeasurement {
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
  readonly memory: VariantMemory;
  /** Of weights and values. */
  readonly type: NumberType;
  /** Whose kernels are measured; default: the adapter's. */
  readonly family?: GpuFamily;
  /** Whether the device computes a variant rightly; default: all. */
  readonly isRight?: (variant: ConvolutionVariant) => boolean;
  /** For all that is not remembered; default: one second. */
  readonly budgetMs?: number;
}

/** Browsers round the device's clock to a tenth of a millisecond; a submit and its answer take one or two of the host's. */
const VISIBLE_MS = { device: 2, host: 10 };

/**
 * The fastest variant of each convolution on this device, the layers that cost most first; what is remembered of the same
 * candidates is not measured again, and what there is no time for is left to the default.
 *
 * A variant that does not compile, or that has no room, is passed over.
 */
export async function measureVariants(
  convolutions: readonly Convolution[],
  measurement: VariantMeasurement,
): Promise<ReadonlyMap<string, ConvolutionVariant>> {
  const { device, pipelines, memory, type, isRight = () => true, budgetMs = 1000 } = measurement;
  const { family = familyOf(device.adapterInfo) } = measurement;
  const endMs = performance.now() + budgetMs;
  const isOver = (): boolean => performance.now() >= endMs;
  const visibleMs = StepClock.fits(device, 1) ? VISIBLE_MS.device : VISIBLE_MS.host;
  const chosen = new Map<string, ConvolutionVariant>();
  const features = device.features as ReadonlySet<string>;
  for (const { key, convolution } of byCost(convolutions)) {
    const candidates = candidateVariants(convolution, features, type, family).filter(isRight);
    const code = candidates.map((variant) => VariantTrial.codeOf(variant, convolution, type)).join();
    const place = deviceKey(device, `${type} ${key}`, code);
    const remembered = await memory.get(place).catch(() => undefined);
    const known = candidates.find((candidate) => candidate === remembered);
    if (known !== undefined) chosen.set(key, known);
    if (known !== undefined || isOver()) continue;
    const trials: VariantTrial[] = [];
    for (const variant of candidates) {
      if (isOver()) break;
      const trial = VariantTrial.create(variant, convolution, type, { device, pipelines });
      await trial.then((made) => trials.push(made)).catch(() => undefined);
    }
    const [first, ...others] = trials;
    try {
      // Without the default beside them, none is known to be better.
      const isFair = first?.name === candidates[0];
      const fastest = isFair ? await fastestTrial([first!, ...others], { visibleMs, isOver }) : undefined;
      if (fastest === undefined) continue;
      chosen.set(key, fastest);
      await memory.set(place, fastest).catch(() => undefined);
    } finally {
      for (const trial of trials) trial.destroy();
    }
  }
  return chosen;
}

/** What tells convolutions apart; layers of the same shape share a variant. */
export function shapeKey(convolution: Convolution): string {
  return JSON.stringify(convolution);
}

/** Each shape once, those first whose layers together do the most. */
function byCost(convolutions: readonly Convolution[]): { readonly key: string; readonly convolution: Convolution }[] {
  const costs = new Map<string, { key: string; convolution: Convolution; cost: number }>();
  for (const convolution of convolutions) {
    const key = shapeKey(convolution);
    const { cost } = costs.get(key) ?? { cost: 0 };
    costs.set(key, { key, convolution, cost: cost + multiplyAdds(convolution) });
  }
  return [...costs.values()].sort((a, b) => b.cost - a.cost);
}
