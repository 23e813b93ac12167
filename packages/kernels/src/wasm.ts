import { giveWay } from './give-way.ts';
import { KernelError } from './kernel-error.ts';
import { type KernelGraph, serializeGraph } from './kernel-graph.ts';
import type { KernelOptions, KernelProgram, KernelRunOptions } from './kernel-program.ts';
import { loadModule } from './load-module.ts';
import { type NamedOutputs, outputNamer } from './name-outputs.ts';
import { orderInputs } from './order-inputs.ts';
import { checkThreads, defaultThreads } from './thread-count.ts';
import { chooseIsa, type WasmIsa } from './wasm-isa.ts';
import { isForThreads, WasmMemory, type WasmRun } from './wasm-memory.ts';
import { WasmTeam } from './wasm-team.ts';

/** On one thread, a run lets other work of the event loop in between layers, this often. */
const SLICE_MS = 5;

export interface WasmKernelOptions extends KernelOptions {
  /**
   * The module's bytes or where they are, where the package's own cannot be fetched: of its `wasm/residual-kernels.wasm`
   * (one thread), `wasm/residual-kernels-threads.wasm` (several), and these with `-relaxed` at the end.
   */
  readonly module?: WebAssembly.Module | BufferSource | URL | string;
  /**
   * The folder where the files of the package's `wasm/` are served, e.g. `/residual/`: for a bundler that does not follow
   * `new URL(…, import.meta.url)`. Default: where the bundler, or Node, has them.
   */
  readonly files?: URL | string;
  /** Which of the package's modules to take. Default: `relaxed-simd` where this runtime has it, else `simd128`. */
  readonly isa?: WasmIsa;
}

/**
 * Compiles a fused graph for WASM with 128-bit SIMD: in any browser and in Node, without Rust or an addon. With several
 * threads (`threads`; by default the physical cores in Node, and all cores in a page that is cross-origin isolated) runs
 * happen on workers; with one on the calling thread, letting other work in between layers. Compiling happens on the
 * calling thread: in a page, call it from a worker.
 *
 * @throws KernelError for an operation that the kernels lack or shapes that do not fit (`BAD_GRAPH`), for a wrong
 * number of threads or an `isa` that is not there (`BAD_OPTION`), and where WASM SIMD, the module or threads are not to be
 * had (`UNAVAILABLE`).
 */
export async function compileProgram(graph: KernelGraph, options: WasmKernelOptions = {}): Promise<KernelProgram> {
  const { rejectsNonFinite = false } = options;
  if (options.threads !== undefined) checkThreads(options.threads);
  const wanted = options.threads ?? (await defaultThreads());
  const serialized = serializeGraph(graph);
  const kind = { isa: chooseIsa(options.isa), hasThreads: wanted > 1 };
  const module = await loadModule(options.module, kind, options.files);
  const hasThreads = isForThreads(module);
  if (!hasThreads && options.threads !== undefined && wanted > 1) {
    throw new KernelError(
      'BAD_OPTION',
      `threads: the module given is for 1, got ${wanted}; give residual-kernels-threads.wasm`,
    );
  }
  const threads = hasThreads ? wanted : 1;
  const memory = new WasmMemory(module);
  const session = memory.compile(serialized, rejectsNonFinite, threads);
  const team = hasThreads ? new WasmTeam(memory, session, options.files) : undefined;
  await team?.start(threads);
  return new WasmProgram({ memory, session, team, threads }, serialized.inputNames, outputNamer(graph));
}

/** A compiled graph in the module's memory, and its workers if it has any. */
interface Compiled {
  readonly memory: WasmMemory;
  readonly session: number;
  readonly team: WasmTeam | undefined;
  readonly threads: number;
}

class WasmProgram implements KernelProgram {
  readonly info: KernelProgram['info'];
  readonly #inputNames: readonly string[];
  readonly #nameOutputs: ReturnType<typeof outputNamer>;
  #compiled: Compiled | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(compiled: Compiled, inputNames: readonly string[], nameOutputs: ReturnType<typeof outputNamer>) {
    const { weightBytes, peakBytes } = compiled.memory.sizesOf(compiled.session);
    const { threads, memory } = compiled;
    this.info = { isa: memory.isa, threads, weightBytes, sharedWeightBytes: 0, cachedWeightBytes: 0, peakBytes };
    this.#compiled = compiled;
    this.#inputNames = inputNames;
    this.#nameOutputs = nameOutputs;
  }

  get steps(): KernelProgram['steps'] {
    if (this.#compiled === undefined) return [];
    return this.#compiled.memory.stepsOf(this.#compiled.session);
  }

  async run(inputs: Readonly<Record<string, Float32Array>>, options: KernelRunOptions = {}): Promise<NamedOutputs> {
    this.#live();
    const ordered = orderInputs(this.#inputNames, inputs);
    options.signal?.throwIfAborted();
    const run = this.#last.then(() => this.#run(ordered, options));
    this.#last = run.catch(() => undefined);
    return this.#nameOutputs(await run);
  }

  async #run(
    inputs: readonly Float32Array[],
    { signal, stepMs }: KernelRunOptions,
  ): Promise<Float32Array<ArrayBuffer>[]> {
    signal?.throwIfAborted();
    const { memory, session, team } = this.#live();
    const run = memory.begin(session, this.#inputNames, inputs, stepMs !== undefined);
    try {
      if (team === undefined) {
        await this.#runInSlices(run, signal, stepMs);
      } else {
        await team.runEnds(signal);
        this.#live();
        signal?.throwIfAborted();
        run.check();
        stepMs?.set(run.stepEndsMs().map((end, step, ends) => end - (ends[step - 1] ?? 0)));
      }
      return run.outputs();
    } finally {
      run.end();
    }
  }

  async #runInSlices(run: WasmRun, signal: AbortSignal | undefined, stepMs: Float64Array | undefined): Promise<void> {
    let sliceEndMs = performance.now() + SLICE_MS;
    for (let step = 0; ; step++) {
      const startMs = performance.now();
      const hasMore = run.advance();
      const endMs = performance.now();
      if (stepMs !== undefined) stepMs[step] = endMs - startMs;
      if (!hasMore) return;
      if (endMs < sliceEndMs) continue;
      await giveWay();
      this.#live();
      signal?.throwIfAborted();
      sliceEndMs = performance.now() + SLICE_MS;
    }
  }

  #live(): Compiled {
    if (this.#compiled !== undefined) return this.#compiled;
    throw new KernelError('DISPOSED', 'expected a live program, got a disposed one; compile again');
  }

  /** The instances go with their last references, and the memory with them. */
  dispose(): void {
    this.#compiled?.team?.dispose();
    this.#compiled = undefined;
  }
}
