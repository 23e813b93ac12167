import {
  bind,
  type CompileOptions,
  computedOutputs,
  type Engine,
  EngineError,
  type Executable,
  type Graph,
  makeExecutable,
  optimize,
  type Weights,
} from '@residual/compile';
import { describeAdapter, webgpuAvailability } from './adapter.ts';
import type { ChooseVariant } from './plan/lower-convolution.ts';
import { lowerGraph } from './plan/lower-graph.ts';
import { measureVariants, shapeKey, type VariantMemory } from './plan/measure-variants.ts';
import type { BuiltPlan } from './plan/plan-builder.ts';
import { defaultVariant } from './plan/variants.ts';
import { DeviceSource } from './runtime/device-source.ts';
import { PlanError } from './runtime/plan-error.ts';
import type { PlanRunner } from './runtime/plan-runner.ts';
import { PlanSession } from './runtime/plan-session.ts';
import type { Convolution } from './shaders/convolution.ts';

export interface WebgpuOptions {
  /** A device of the caller's, e.g. tfjs's, which stays the caller's; default: one that this engine asks for. */
  readonly device?: GPUDevice;
  /**
   * How each layer is computed: `fixed` (the default) is one dispatch a layer, the same everywhere; `measured` times
   * several ways on this adapter when a shape is first compiled, which takes a moment, and may take more dispatches.
   */
  readonly variants?: 'fixed' | 'measured';
  /** Where measured choices are kept; `indexedDbVariants()` on a page. Default: nowhere. */
  readonly memory?: VariantMemory;
}

/**
 * The engine that runs the fused graph as one plan of hand-written WGSL: one command buffer and one submit a run.
 *
 * All executables of one `webgpu()` share its device. Where that is lost, runs under way reject with an EngineError
 * (`UNAVAILABLE`), and the next ones ask for another and build the plan again.
 */
export function webgpu(options: WebgpuOptions = {}): Engine {
  const devices = new DeviceSource(options.device);
  return {
    name: 'webgpu',
    isAvailable: async () => (options.device ? { available: true } : webgpuAvailability()),
    compile: (graph, weights, compileOptions) => compile(graph, weights, devices, options, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  devices: DeviceSource,
  { variants, memory }: WebgpuOptions,
  options: CompileOptions = {},
): Promise<Executable> {
  const bound = bind(optimize(graph), weights);
  const computed = computedOutputs(bound);
  const chooseVariant = variants === 'measured' ? await measured(computed, devices, memory) : defaultVariant;
  const built = lowerGraph(computed, chooseVariant);
  const session = await PlanSession.start(devices, built, options.onProgress).catch(rethrow);
  return makeExecutable(
    bound,
    {
      info: infoOf(built, session.runner),
      run: (inputs) => session.run(inputs as Record<string, Float32Array>).catch(rethrow),
      dispose: () => session.destroy(),
    },
    options,
  );
}

async function measured(
  graph: Graph,
  devices: DeviceSource,
  memory: VariantMemory | undefined,
): Promise<ChooseVariant> {
  const convolutions: Convolution[] = [];
  lowerGraph(graph, (convolution) => {
    convolutions.push(convolution);
    return defaultVariant(convolution);
  });
  const { device, pipelines } = await devices.get().catch(rethrow);
  const chosen = await measureVariants(convolutions, { device, pipelines, memory });
  return (convolution) => chosen.get(shapeKey(convolution)) ?? defaultVariant(convolution);
}

function infoOf({ plan }: BuiltPlan, { device, gpuBytes }: PlanRunner): Executable['info'] {
  return {
    engine: 'webgpu',
    device: describeAdapter(device.adapterInfo),
    nodeCount: plan.steps.length,
    weightBytes: plan.weights.reduce((sum, size) => sum + size, 0),
    gpu: { dispatches: plan.steps.length, submits: 1, pipelines: plan.shaders.length, bytes: gpuBytes },
  };
}

function rethrow(error: unknown): never {
  if (!PlanError.isInstance(error)) throw error;
  throw new EngineError('UNAVAILABLE', 'webgpu', error.message, { cause: error });
}
