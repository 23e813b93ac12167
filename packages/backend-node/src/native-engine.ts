import {
  bind,
  type CompileOptions,
  checkPrecision,
  computedOutputs,
  countRunNodes,
  type Engine,
  EngineError,
  type Executable,
  type Graph,
  makeExecutable,
  optimize,
  sliceSplits,
  type Weights,
} from '@residual/compile';
import { KernelError } from '@residual/kernels';
import { compileProgram, loadAddon, type NativeKernelOptions } from '@residual/kernels/node';

/**
 * `threads` (default: the physical cores), `isa` (default: the fastest that the CPU has), `precision` (`fp32`, `fp16`, `bf16`,
 * `int8`), for `int8` the `calibration` inputs and the `percentile`: what is compiled in, where compiling is not asked for
 * another; the `cache` folder that packed weights are kept in, and `tune` (default false: algorithms are chosen by a model, not
 * by measurement).
 */
export type NativeOptions = Pick<
  NativeKernelOptions,
  'threads' | 'isa' | 'precision' | 'calibration' | 'percentile' | 'cache' | 'tune'
>;

/** The engine on Residual's own kernels, as a Node addon: fused convolutions off the main thread. */
export function native(options: NativeOptions = {}): Engine {
  return {
    name: 'native',
    async isAvailable() {
      const { reason } = loadAddon();
      return reason === undefined ? { available: true } : { available: false, reason };
    },
    compile: (graph, weights, compileOptions) => compile(graph, weights, options, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  options: NativeOptions,
  compileOptions: CompileOptions | undefined,
): Promise<Executable> {
  const bound = bind(sliceSplits(optimize(graph)), weights, { leavesFilters: true });
  const asked = { ...options, ...precisionOf(compileOptions) };
  const program = await compileProgram(computedOutputs(bound), asked).catch(rethrow);
  const { isa, threads, weightBytes } = program.info;
  const { precision = 'fp32' } = asked;
  const device = `${isa}, ${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return makeExecutable(
    bound,
    {
      info: { engine: 'native', device, nodeCount: countRunNodes(bound), weightBytes },
      run: (inputs, signal, stepMs) =>
        program.run(inputs as Record<string, Float32Array>, { signal, stepMs }).catch(rethrowRun),
      steps: () => program.steps,
      dispose: () => program.dispose(),
      // The next run waits in the program's own queue, not for the event loop.
      concurrency: 2,
    },
    compileOptions,
  );
}

/** What compiling asks for in place of what the engine was made with. */
function precisionOf({ precision, calibration, percentile }: CompileOptions = {}): NativeOptions {
  return {
    ...(precision !== undefined && {
      precision: checkPrecision('native', { precision }, ['fp32', 'fp16', 'bf16', 'int8']),
    }),
    ...(calibration !== undefined && { calibration }),
    ...(percentile !== undefined && { percentile }),
  };
}

/** A run's own error is of its numbers: in `fp16`, one that float16 does not hold. */
function rethrowRun(error: unknown): never {
  if (!KernelError.isInstance(error) || error.code !== 'BAD_INPUT') throw error;
  throw new EngineError('BAD_INPUT', 'native', error.message, { cause: error });
}

function rethrow(error: unknown): never {
  if (!KernelError.isInstance(error) || error.code === 'BAD_OPTION') throw error;
  const code = error.code === 'BAD_GRAPH' ? 'UNSUPPORTED_NODE' : 'UNAVAILABLE';
  throw new EngineError(code, 'native', error.message, { cause: error });
}
