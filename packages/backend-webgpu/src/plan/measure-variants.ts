import type { PipelineCache } from '../runtime/plan-runner.ts';
import { PlanRunner } from '../runtime/plan-runner.ts';
import { type Convolution, outPixels } from '../shaders/convolution.ts';
import { BYTES, type NumberType, wgsl } from '../shaders/shader.ts';
import type { Plan } from './plan.ts';
import type { Slot } from './plan-builder.ts';
import { type ConvolutionVariant, candidateVariants, type DispatchTarget, dispatchConvolution } from './variants.ts';

/** Remembers which variant was the fastest for a layer's shape on an adapter, e.g. in IndexedDB. */
export interface VariantMemory {
  get(key: string): Promise<string | undefined>;
  set(key: string, variant: string): Promise<void>;
}

export interface VariantMeasurement {
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
  readonly memory: VariantMemory | undefined;
  /** Of weights and values. */
  readonly type: NumberType;
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
  const { device, memory, type } = measurement;
  const { vendor, architecture, description } = device.adapterInfo;
  const chosen = new Map<string, ConvolutionVariant>();
  for (const convolution of convolutions) {
    const key = shapeKey(convolution);
    if (chosen.has(key)) continue;
    const place = [vendor, architecture, description, type, key].join(' | ');
    const candidates = candidateVariants(convolution, device.features as ReadonlySet<string>, type);
    const remembered = await memory?.get(place).catch(() => undefined);
    const known = candidates.find((candidate) => candidate === remembered);
    const variant = known ?? (await fastest(candidates, convolution, measurement));
    chosen.set(key, variant);
    if (known === undefined) await memory?.set(place, variant).catch(() => undefined);
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
): { plan: Plan; pack: (block: number) => Uint8Array } {
  const { batch, height, width, inVectors, groups, narrowChannels, outVectors, residual } = convolution;
  const buffers: number[] = [];
  const weights: number[] = [];
  const shaders: string[] = [];
  const steps: Plan['steps'][number][] = [];
  const target: DispatchTarget = {
    weights: (count) => ({ weights: weights.push(count * BYTES[type]) - 1 }),
    scratch: (count) => ({ slot: buffers.push(count * BYTES[type]) - 1 }),
    dispatch(label, shader, slots) {
      const bindings = slots.map((slot: Slot) => ('slot' in slot ? { buffer: slot.slot } : slot));
      const types = slots.map((_, binding): NumberType => (narrowChannels > 0 && binding === 0 ? 'f32' : type));
      const code = wgsl(shader, types);
      steps.push({ label, shader: shaders.push(code) - 1, workgroups: shader.workgroups, bindings });
    },
  };
  const outCount = outPixels(convolution) * outVectors * 4;
  const x = target.scratch(batch * height * width * ((narrowChannels * 4) / BYTES[type] || inVectors * groups * 4));
  const y = target.scratch(outCount);
  const own = residual === 'own buffer' ? { residual: target.scratch(outCount) } : {};
  dispatchConvolution(target, variant, { label: variant, convolution, x, y, ...own, pack: () => new Float32Array() });
  return {
    plan: { inputs: [], outputs: [{ name: 'y', shape: [4], buffer: 1, pitch: 4 }], buffers, weights, shaders, steps },
    pack: (block) => new Uint8Array(weights[block]!),
  };
}
