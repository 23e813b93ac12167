import {
  bind,
  type CompileOptions,
  checkPrecision,
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
import { compileProgram, KernelError, type WasmKernelOptions } from '@residual/kernels';

/**
 * `threads`: by default the physical cores in Node, all cores in a page that is cross-origin isolated, else 1.
 * `isa`: by default `relaxed-simd` where the runtime has it, else `simd128`, which gives the same bits everywhere.
 * `files`: the folder where the kernels' `wasm/` files are served, for bundlers that do not bring them.
 * `module`: where the kernels' WASM module is (for one thread, or for several), if the bundler has moved it.
 */
export type WasmOptions = Pick<WasmKernelOptions, 'files' | 'isa' | 'module' | 'threads'>;

/** The engine on Residual's own kernels as a WASM module: any browser and Node, with nothing to install. */
export function wasm(options: WasmOptions = {}): Engine {
  return {
    name: 'wasm',
    async isAvailable() {
      if (!hasSimd()) return { available: false, reason: 'this runtime has no WebAssembly SIMD' };
      return { available: true };
    },
    compile: (graph, weights, compileOptions) => compile(graph, weights, options, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  options: WasmOptions,
  compileOptions: CompileOptions | undefined,
): Promise<Executable> {
  checkPrecision('wasm', compileOptions);
  const bound = bind(sliceSplits(optimize(graph)), weights, { leavesFilters: true });
  const program = await compileProgram(bound, options).catch(rethrow);
  const { isa, threads, weightBytes } = program.info;
  return makeExecutable(
    bound,
    {
      info: {
        engine: 'wasm',
        device: `WASM ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        nodeCount: countRunNodes(bound),
        weightBytes,
      },
      run: (inputs, signal, stepMs) => program.run(inputs as Record<string, Float32Array>, { signal, stepMs }),
      steps: () => program.steps,
      dispose: () => program.dispose(),
    },
    compileOptions,
  );
}

/** A module of one function that makes a vector. */
function hasSimd(): boolean {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const type = [1, 5, 1, 96, 0, 1, 123];
  const code = [10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  return WebAssembly.validate(Uint8Array.from([...header, ...type, 3, 2, 1, 0, ...code]));
}

function rethrow(error: unknown): never {
  if (!KernelError.isInstance(error) || error.code === 'BAD_OPTION') throw error;
  const code = error.code === 'BAD_GRAPH' ? 'UNSUPPORTED_NODE' : 'UNAVAILABLE';
  throw new EngineError(code, 'wasm', error.message, { cause: error });
}
