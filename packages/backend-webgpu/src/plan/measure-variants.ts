import type { PipelineCache } from '../runtime/plan-runner.ts';
import { PlanRunner } from '../runtime/plan-runner.ts';
import { type Convolution, outPixels } from '../shaders/convolution.ts';
import type { NumberType } from '../shaders/shader.ts';
import { deviceKey } from './device-key.ts';
import { LoosePlan } from './loose-plan.ts';
import { type ConvolutionVariant, candidateVariants, dispatchConvolution } from './variants.ts';

/** Remembers what is known of an adapter, e.g. in IndexedDB: which variant is the fastest for a shape, what it computes wrongly. */
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
  /** Whether the device computes a variant rightly; default: all. */
  readonly isRight?: (variant: ConvolutionVariant) => boolean;
}

const RUNS = 3;

/**
 * The fastest variant of each convolution on this device; what is remembered is not measured again.
 *
 * A variant that does not compile, or that has no room, is passed over.
 */
export async function measureVariants(
  convolutions: readonly Convolution[],
  measurement: VariantMeasurement,
): Promise<ReadonlyMap<string, ConvolutionVariant>> {
  const { device, memory, type, isRight = () => true } = measurement;
  const chosen = new Map<string, ConvolutionVariant>();
  for (const convolution of convolutions) {
    const key = shapeKey(convolution);
    if (chosen.has(key)) continue;
    const place = deviceKey(device, `${type} ${key}`);
    const candidates = candidateVariants(convolution, device.features as ReadonlySet<string>, type).filter(isRight);
    const remembered = await memory.get(place).catch(() => undefined);
    const known = candidates.find((candidate) => candidate === remembered);
    const variant = known ?? (await fastest(candidates, convolution, measurement));
    chosen.set(key, variant);
    if (known === undefined) await memory.set(place, variant).catch(() => undefined);
  }
  return chosen;
}

/** What tells convolutions apart; layers of the same shape share a variant. */
export function shapeKey(convolution: Convolution): string {
  return JSON.stringify(convolution);
}

async function fastest(
  candidates: readonly ConvolutionVariant[],
  convolution: Convolution,
  measurement: VariantMeasurement,
): Promise<ConvolutionVariant> {
  let best = { variant: candidates[0]!, ms: Number.POSITIVE_INFINITY };
  for (const variant of candidates) {
    const ms = await timeVariant(variant, convolution, measurement).catch(() => Number.POSITIVE_INFINITY);
    if (ms < best.ms) best = { variant, ms };
  }
  return best.variant;
}

/** The least time of a few runs, in milliseconds. */
async function timeVariant(
  variant: ConvolutionVariant,
  convolution: Convolution,
  { device, pipelines, type }: VariantMeasurement,
): Promise<number> {
  const { plan, pack } = trialPlan(variant, convolution, type);
  const runner = await PlanRunner.create(device, plan, pack, { pipelines });
  try {
    await runner.run({});
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) {
      const begin = performance.now();
      await runner.run({});
      least = Math.min(least, performance.now() - begin);
    }
    return least;
  } finally {
    runner.destroy();
  }
}

/** A plan of one convolution, on zeros; its output, four numbers, is what a run waits for. */
function trialPlan(
  variant: ConvolutionVariant,
  convolution: Convolution,
  type: NumberType,
): ReturnType<LoosePlan['finish']> {
  const { batch, height, width, inVectors, groups, narrowChannels, outVectors, residual } = convolution;
  const loose = new LoosePlan(type);
  const outCount = outPixels(convolution) * outVectors * 4;
  const x = loose.scratch(batch * height * width * (narrowChannels || inVectors * groups * 4));
  const y = loose.scratch(outCount);
  const own = residual === 'own buffer' ? { residual: loose.scratch(outCount) } : {};
  dispatchConvolution(loose, variant, { label: variant, convolution, x, y, ...own, pack: () => new Float32Array() });
  const { plan } = loose.finish([], [{ name: 'y', shape: [4], buffer: y.slot, pitch: 4 }]);
  return { plan, pack: (block) => new Uint8Array(plan.weights[block]!) };
}
