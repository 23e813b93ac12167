import { KernelError } from './kernel-error.ts';
import { type KernelGraph, serializeGraph } from './kernel-graph.ts';
import type { KernelOptions, KernelProgram, KernelRunOptions } from './kernel-program.ts';
import { loadModule } from './load-module.ts';
import { type NamedOutputs, outputNamer } from './name-outputs.ts';
import { orderInputs } from './order-inputs.ts';
import { WasmMemory } from './wasm-memory.ts';

/** A run lets other work of the event loop in between layers, this often. */
const SLICE_MS = 50;

export interface WasmKernelOptions extends KernelOptions {
  /** The module's bytes or where they are, where the package's own `wasm/residual-kernels.wasm` cannot be fetched. */
  readonly module?: WebAssembly.Module | BufferSource | URL | string;
}

/**
 * Compiles a fused graph for WASM with 128-bit SIMD: in any browser and in Node, without Rust or an addon. It runs on
 * the calling thread, letting other work in between layers; in a page, call it from a worker.
 *
 * @throws KernelError for an operation that the kernels lack or shapes that do not fit (`BAD_GRAPH`), and where WASM
 * SIMD or the module is not to be had (`UNAVAILABLE`).
 */
export async function compileProgram(graph: KernelGraph, options: WasmKernelOptions = {}): Promise<KernelProgram> {
  const { threads = 1, rejectsNonFinite = false } = options;
  if (threads !== 1) throw new KernelError('BAD_OPTION', `threads: the WASM kernels take 1, got ${threads}`);
  const serialized = serializeGraph(graph);
  const memory = new WasmMemory(await loadModule(options.module));
  const session = memory.compile(serialized, rejectsNonFinite);
  return new WasmProgram(memory, session, serialized.inputNames, outputNamer(graph));
}

class WasmProgram implements KernelProgram {
  readonly info: KernelProgram['info'];
  readonly #inputNames: readonly string[];
  readonly #nameOutputs: ReturnType<typeof outputNamer>;
  #memory: WasmMemory | undefined;
  readonly #session: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    memory: WasmMemory,
    session: number,
    inputNames: readonly string[],
    nameOutputs: ReturnType<typeof outputNamer>,
  ) {
    const { weightBytes, peakBytes } = memory.sizesOf(session);
    this.info = { isa: 'simd128', threads: 1, weightBytes, peakBytes };
    this.#memory = memory;
    this.#session = session;
    this.#inputNames = inputNames;
    this.#nameOutputs = nameOutputs;
  }

  async run(inputs: Readonly<Record<string, Float32Array>>, { signal }: KernelRunOptions = {}): Promise<NamedOutputs> {
    this.#live();
    const ordered = orderInputs(this.#inputNames, inputs);
    signal?.throwIfAborted();
    const run = this.#last.then(() => this.#run(ordered, signal));
    this.#last = run.catch(() => undefined);
    return this.#nameOutputs(await run);
  }

  async #run(inputs: readonly Float32Array[], signal: AbortSignal | undefined): Promise<Float32Array<ArrayBuffer>[]> {
    signal?.throwIfAborted();
    const run = this.#live().begin(this.#session, this.#inputNames, inputs);
    try {
      let sliceEndMs = performance.now() + SLICE_MS;
      while (run.advance()) {
        if (performance.now() < sliceEndMs) continue;
        await new Promise((resolve) => setTimeout(resolve));
        this.#live();
        signal?.throwIfAborted();
        sliceEndMs = performance.now() + SLICE_MS;
      }
      return run.outputs();
    } finally {
      run.end();
    }
  }

  #live(): WasmMemory {
    if (this.#memory !== undefined) return this.#memory;
    throw new KernelError('DISPOSED', 'expected a live program, got a disposed one; compile again');
  }

  /** The instance goes with its last reference, and its memory with it. */
  dispose(): void {
    this.#memory = undefined;
  }
}
