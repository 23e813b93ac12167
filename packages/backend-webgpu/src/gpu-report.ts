import type { Engine, Graph, Weights } from '@residual/compile';
import { type PrecisionParity, precisionParity } from './precision-parity.ts';

/** The adapter, as it describes itself; browsers keep most of it to themselves. */
export interface AdapterReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** In Node the driver and its version too. */
  readonly description: string;
  readonly features: readonly string[];
  /** The fewest and the most threads of a subgroup, where the runtime says. */
  readonly subgroupSizes?: readonly [number, number];
  /** Whether it computes on the CPU, where the runtime says. */
  readonly isFallback?: boolean;
  /** Those that kernels and buffers depend on. */
  readonly limits: Readonly<Record<string, number>>;
}

/** What an engine takes for one picture. */
export interface EngineTimes {
  readonly name: string;
  readonly device: string;
  readonly buildMs: number;
  readonly firstMs: number;
  /** The median of the runs after the first, up to five. */
  readonly warmMs: number;
  /** Between a logit and the first engine's, over its largest. */
  readonly largestDifference: number;
}

/** An engine that did not compute, and why. */
export interface EngineProblem {
  readonly name: string;
  readonly problem: string;
}

/** What WebGPU does on a machine: the same in Node and in pages, for `docs/gpu`. */
export interface GpuReport extends Omit<PrecisionParity, 'adapter'> {
  readonly format: 'residual-gpu-report';
  readonly version: 1;
  readonly madeAt: string;
  /** The browser, or Node, and its version. */
  readonly runtime: string;
  readonly adapter: AdapterReport;
  readonly model: string;
  readonly sizePx: number;
  readonly engines: readonly (EngineTimes | EngineProblem)[];
}

/** What is to be run for a report. */
export interface ReportedNetwork {
  readonly model: string;
  readonly sizePx: number;
  /** Traced, with an input `image` and an output `logits`. */
  readonly graph: Graph;
  readonly weights: Weights;
  /** As the graph takes them. */
  readonly images: readonly [Float32Array, ...(readonly Float32Array[])];
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;
const WARM_RUNS = 5;
/** An engine that takes longer runs less often, but once warm. */
const ENOUGH_MS = 8000;

/**
 * Runs a network in both precisions on the adapter that is there, and says what that is.
 *
 * @param engines Who else ran it, for comparison: `timeEngines`, or measured in another way.
 * @throws EngineError where there is no adapter, or as `precisionParity`.
 */
export async function gpuReport(
  { model, sizePx, graph, weights, images }: ReportedNetwork,
  { runtime, engines }: Pick<GpuReport, 'runtime' | 'engines'>,
): Promise<GpuReport> {
  const { adapter: _, ...parity } = await precisionParity(graph, weights, images);
  const madeAt = new Date().toISOString();
  const adapter = await describeAdapterFully();
  return { format: 'residual-gpu-report', version: 1, madeAt, runtime, adapter, model, sizePx, ...parity, engines };
}

/** First and warm times of one engine after the other; differences are from the first that computes. */
export async function timeEngines(
  engines: readonly Engine[],
  { graph, weights, images: [image] }: ReportedNetwork,
): Promise<(EngineTimes | EngineProblem)[]> {
  const rows: (EngineTimes | EngineProblem)[] = [];
  let reference: Float32Array | undefined;
  for (const engine of engines) {
    try {
      const { times, logits } = await timeEngine(engine, graph, weights, image);
      reference ??= logits;
      rows.push({ ...times, largestDifference: largestDifference(logits, reference) });
    } catch (error) {
      rows.push({ name: engine.name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return rows;
}

async function timeEngine(
  engine: Engine,
  graph: Graph,
  weights: Weights,
  image: Float32Array,
): Promise<{ times: Omit<EngineTimes, 'largestDifference'>; logits: Float32Array }> {
  const { available, reason } = await engine.isAvailable();
  if (!available) throw new Error(reason);
  const beginMs = performance.now();
  const executable = await engine.compile(graph, weights);
  const buildMs = performance.now() - beginMs;
  try {
    const timesMs: number[] = [];
    let logits = new Float32Array();
    const enoughMs = performance.now() + ENOUGH_MS;
    for (let run = 0; run < 2 || (run <= WARM_RUNS && performance.now() < enoughMs); run++) {
      const startMs = performance.now();
      logits = (await executable.run({ image }))['logits'] as Float32Array<ArrayBuffer>;
      timesMs.push(performance.now() - startMs);
    }
    const [firstMs, ...others] = timesMs as [number, ...number[]];
    const warmMs = others.sort((a, b) => a - b)[others.length >> 1]!;
    return { times: { name: engine.name, device: executable.info.device, buildMs, firstMs, warmMs }, logits };
  } finally {
    await executable.dispose();
  }
}

/** Over the largest of the reference. */
export function largestDifference(logits: Float32Array, reference: Float32Array): number {
  const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return logits.reduce((most, value, index) => Math.max(most, Math.abs(value - reference[index]!)), 0) / largest;
}

async function describeAdapterFully(): Promise<AdapterReport> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  const { info, features, limits } = adapter!;
  const { vendor, architecture, device, description } = info;
  const { subgroupMinSize: fewest, subgroupMaxSize: most, isFallbackAdapter: isFallback } = info;
  const numbers = Object.fromEntries(LIMITS.map((name) => [name, limits[name]]));
  return {
    ...{ vendor, architecture, device, description },
    features: [...features].sort(),
    ...(fewest !== undefined && most !== undefined && { subgroupSizes: [fewest, most] as const }),
    ...(isFallback !== undefined && { isFallback }),
    limits: numbers,
  };
}
