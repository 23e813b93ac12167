import { KernelError, type KernelErrorCode } from './kernel-error.ts';
import type { SerializedGraph } from './kernel-graph.ts';
import type { KernelStep } from './kernel-program.ts';
import type { WasmIsa } from './wasm-isa.ts';

/** The module's exports; see crate/src/wasm.rs. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  message_start(): number;
  message_length(): number;
  is_relaxed(): number;
  allocate(bytes: number): number;
  release(start: number, bytes: number): void;
  compile_graph(
    json: number,
    length: number,
    constants: number,
    count: number,
    rejectsNonFinite: number,
    threads: number,
  ): number;
  bytes_of(session: number, what: number): number;
  length_of(session: number, isOutput: number, index: number): number;
  number_of(session: number, step: number, what: number): number;
  begin(session: number, arrays: number, isTimed: number): void;
  outcome(session: number): number;
  /** Only for one thread. */
  advance(session: number): number;
  /** Only with shared memory. */
  cancel(session: number): void;
  close(session: number): void;
  times_of(session: number): number;
}

/** As it is written in the module for several threads; see build-wasm.mjs. */
const SHARED_PAGES: WebAssembly.MemoryDescriptor = { initial: 64, maximum: 65_536, shared: true };

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** A run under way in the module's memory. */
export interface WasmRun {
  /** Does the next layer; whether there are more. Only for one thread: workers begin by themselves. */
  advance(): boolean;
  /** @throws KernelError (`BAD_INPUT`) where the run that has ended has refused its inputs */
  check(): void;
  outputs(): Float32Array<ArrayBuffer>[];
  /** When each step of a timed run has ended, in milliseconds from its beginning. Only with shared memory. */
  stepEndsMs(): number[];
  end(): void;
}

/** An instance of the module: one program, and the arrays that go in and out of its memory. */
export class WasmMemory {
  readonly module: WebAssembly.Module;
  /** What the workers share, if the module is for several threads. */
  readonly shared: WebAssembly.Memory | undefined;
  readonly #exports: Exports;
  readonly #memory: WebAssembly.Memory;

  /** @throws KernelError (`UNAVAILABLE`) where memory cannot be shared */
  constructor(module: WebAssembly.Module) {
    this.module = module;
    try {
      this.shared = isForThreads(module) ? new WebAssembly.Memory(SHARED_PAGES) : undefined;
      const imports =
        this.shared === undefined ? {} : { env: { memory: this.shared }, host: { run_ended: () => {}, now: nowNs } };
      this.#exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    } catch (cause) {
      throw new KernelError('UNAVAILABLE', `WASM kernels: ${(cause as Error).message}`, { cause });
    }
    this.#memory = this.shared ?? this.#exports.memory;
  }

  get isa(): WasmIsa {
    return this.#exports.is_relaxed() === 1 ? 'relaxed-simd' : 'simd128';
  }

  /** @throws KernelError (`BAD_GRAPH`, or `UNAVAILABLE` where there is not enough memory) */
  compile({ json, constantIds, constants }: SerializedGraph, rejectsNonFinite: boolean, threads: number): number {
    const blocks: Block[] = [];
    const put = (data: Float32Array | Uint32Array | Uint8Array): Block => {
      const block = this.#put(data);
      blocks.push(block);
      return block;
    };
    try {
      const text = put(new TextEncoder().encode(json));
      const table = constants.flatMap((data, index) => [constantIds[index]!, put(data).start, data.length]);
      const entries = put(Uint32Array.from(table));
      const session = this.#guard(() =>
        this.#exports.compile_graph(
          text.start,
          text.bytes,
          entries.start,
          constants.length,
          rejectsNonFinite ? 1 : 0,
          threads,
        ),
      );
      if (session === 0) throw this.#failure('BAD_GRAPH');
      return session;
    } finally {
      for (const block of blocks) this.#exports.release(block.start, block.bytes);
    }
  }

  sizesOf(session: number): { weightBytes: number; peakBytes: number } {
    const [weightBytes, peakBytes] = [0, 1].map((what) => this.#exports.bytes_of(session, what)) as [number, number];
    return { weightBytes, peakBytes };
  }

  stepsOf(session: number): KernelStep[] {
    const steps: KernelStep[] = [];
    for (;;) {
      const numbers = [0, 1, 2, 3, 4].map((what) => this.#exports.number_of(session, steps.length, what));
      const [value, multiplyAdds, weightBytes, readBytes, writtenBytes] = numbers as [
        number,
        number,
        number,
        number,
        number,
      ];
      if (Number.isNaN(value)) return steps;
      steps.push({ value, algorithm: this.#message(), multiplyAdds, weightBytes, readBytes, writtenBytes });
    }
  }

  /** @throws KernelError (`BAD_INPUT`) for an array of another length */
  begin(session: number, names: readonly string[], inputs: readonly Float32Array[], isTimed: boolean): WasmRun {
    for (const [index, data] of inputs.entries()) {
      const length = this.#exports.length_of(session, 0, index);
      if (data.length === length) continue;
      throw new KernelError('BAD_INPUT', `${names[index]}: expected ${length} numbers, got ${data.length}`);
    }
    const blocks = inputs.map((data) => this.#put(data));
    for (let index = 0, length = 1; length > 0; index++) {
      length = this.#exports.length_of(session, 1, index);
      if (length > 0) blocks.push(this.#take(length * 4));
    }
    const table = this.#put(Uint32Array.from(blocks, ({ start }) => start));
    const startNs = nowNs();
    this.#exports.begin(session, table.start, isTimed ? 1 : 0);
    return {
      advance: () => {
        const state = this.#guard(() => this.#exports.advance(session));
        if (state === 0) throw this.#failure('BAD_INPUT');
        return state === 1;
      },
      check: () => {
        if (this.#exports.outcome(session) === 0) throw this.#failure('BAD_INPUT');
      },
      outputs: () =>
        blocks
          .slice(inputs.length)
          .map(({ start, bytes }) => new Float32Array(this.#memory.buffer, start, bytes / 4).slice()),
      stepEndsMs: () => {
        const start = this.#exports.times_of(session) >>> 0;
        const ends = new BigUint64Array(this.#memory.buffer, start, this.stepsOf(session).length);
        return Array.from(ends, (end) => (Number(end) - startNs) / 1e6);
      },
      end: () => {
        for (const block of [...blocks, table]) this.#exports.release(block.start, block.bytes);
      },
    };
  }

  allocate(bytes: number): number {
    return this.#take(bytes).start;
  }

  /** Ends the run under way early. */
  cancel(session: number): void {
    this.#exports.cancel(session);
  }

  /** Lets the workers go. */
  close(session: number): void {
    this.#exports.close(session);
  }

  #put(data: Float32Array | Uint32Array | Uint8Array): Block {
    const block = this.#take(data.byteLength);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(this.#memory.buffer).set(bytes, block.start);
    return block;
  }

  #take(bytes: number): Block {
    const start = this.#exports.allocate(bytes) >>> 0;
    if (start === 0) throw new KernelError('UNAVAILABLE', `WASM memory: ${bytes} more bytes could not be had`);
    return { start, bytes };
  }

  /** A trap is for want of memory: nothing else in the module can fail without a message. */
  #guard(call: () => number): number {
    try {
      return call() >>> 0;
    } catch (cause) {
      throw new KernelError('UNAVAILABLE', `WASM kernels: ${(cause as Error).message}`, { cause });
    }
  }

  #failure(code: KernelErrorCode): KernelError {
    return new KernelError(code, this.#message());
  }

  #message(): string {
    const start = this.#exports.message_start() >>> 0;
    const bytes = new Uint8Array(this.#memory.buffer, start, this.#exports.message_length());
    return new TextDecoder().decode(bytes.slice());
  }
}

/** By a clock that all threads share; `kernel-worker.js` has the same. */
function nowNs(): number {
  return (performance.timeOrigin + performance.now()) * 1e6;
}

/** The module that takes its memory from outside. */
export function isForThreads(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
}
