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
import { DeviceSource } from './device-source.ts';
import { lowerGraph } from './plan/lower-graph.ts';
import type { BuiltPlan } from './plan/plan-builder.ts';
import { defaultVariant } from './plan/variants.ts';
import { PlanError } from './runtime/plan-error.ts';
import { PlanRunner } from './runtime/plan-runner.ts';

export interface WebgpuOptions {
  /** A device of the caller's, e.g. tfjs's, which stays the caller's; default: one that this engine asks for. */
  readonly device?: GPUDevice;
}

/**
 * The engine that runs the fused graph as one plan of hand-written WGSL: one command buffer and one submit a run.
 *
 * All executables of one `webgpu()` share its device. Where that is lost, runs under way reject with an EngineError
 * (`UNAVAILABLE`), and the next ones ask for another and build the plan again.
 */
export function webgpu(options: WebgpuOptions = {}): Engine {
  const source = new DeviceSource(options.device);
  return {
    name: 'webgpu',
    isAvailable: async () => (options.device ? { available: true } : webgpuAvailability()),
    compile: (graph, weights, compileOptions) => compile(graph, weights, source, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  source: DeviceSource,
  options: CompileOptions = {},
): Promise<Executable> {
  const bound = bind(optimize(graph), weights);
  const built = lowerGraph(computedOutputs(bound), defaultVariant);
  const start = async (): Promise<PlanRunner> => {
    try {
      const { device, pipelines } = await source.get();
      const { onProgress } = options;
      return await PlanRunner.create(device, built.plan, (block) => built.pack(block), { pipelines, onProgress });
    } catch (error) {
      throw asEngineError(error);
    }
  };
  let runner = await start();
  return makeExecutable(
    bound,
    {
      info: infoOf(built, runner),
      async run(inputs) {
        if (runner.loss) {
          runner.destroy();
          runner = await start();
        }
        return runner.run(inputs as Record<string, Float32Array>).catch((error) => {
          throw asEngineError(error);
        });
      },
      dispose: () => runner.destroy(),
    },
    options,
  );
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

function asEngineError(error: unknown): unknown {
  if (!PlanError.isInstance(error)) return error;
  return new EngineError('UNAVAILABLE', 'webgpu', error.message, { cause: error });
}
