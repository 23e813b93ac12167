import { KernelError, type KernelErrorCode } from './kernel-error.ts';
import type { SerializedGraph } from './kernel-graph.ts';

/** The module's exports; see crate/src/wasm.rs. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  message_start(): number;
  message_length(): number;
  allocate(bytes: number): number;
  release(start: number, bytes: number): void;
  compile_graph(json: number, length: number, constants: number, count: number, rejectsNonFinite: number): number;
  bytes_of(session: number, what: number): number;
  length_of(session: number, isOutput: number, index: number): number;
  begin(session: number, arrays: number): void;
  advance(session: number): number;
}

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** A run under way in the module's memory. */
export interface WasmRun {
  /** Does the next layer; whether there are more. */
  advance(): boolean;
  outputs(): Float32Array<ArrayBuffer>[];
  end(): void;
}

/** An instance of the module: one program, and the arrays that go in and out of its memory. */
export class WasmMemory {
  readonly #exports: Exports;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
  }

  /** @throws KernelError (`BAD_GRAPH`, or `UNAVAILABLE` where there is not enough memory) */
  compile({ json, constantIds, constants }: SerializedGraph, rejectsNonFinite: boolean): number {
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
        this.#exports.compile_graph(text.start, text.bytes, entries.start, constants.length, rejectsNonFinite ? 1 : 0),
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

  /** @throws KernelError (`BAD_INPUT`) for an array of another length */
  begin(session: number, names: readonly string[], inputs: readonly Float32Array[]): WasmRun {
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
    this.#exports.begin(session, table.start);
    return {
      advance: () => {
        const state = this.#guard(() => this.#exports.advance(session));
        if (state === 0) throw this.#failure('BAD_INPUT');
        return state === 1;
      },
      outputs: () =>
        blocks
          .slice(inputs.length)
          .map(({ start, bytes }) => new Float32Array(this.#exports.memory.buffer.slice(start, start + bytes))),
      end: () => {
        for (const block of [...blocks, table]) this.#exports.release(block.start, block.bytes);
      },
    };
  }

  #put(data: Float32Array | Uint32Array | Uint8Array): Block {
    const block = this.#take(data.byteLength);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(this.#exports.memory.buffer).set(bytes, block.start);
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
    const start = this.#exports.message_start() >>> 0;
    const bytes = new Uint8Array(this.#exports.memory.buffer, start, this.#exports.message_length());
    return new KernelError(code, new TextDecoder().decode(bytes.slice()));
  }
}
