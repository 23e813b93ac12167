import { importBuiltin } from '../plain/import-builtin.js';
import { KernelError } from './kernel-error.ts';
import { fileIn } from './load-module.ts';
import { isNode } from './thread-count.ts';
import type { WasmMemory } from './wasm-memory.ts';

/** Of a worker; the kernels' loops keep little there. */
const STACK_BYTES = 256 * 1024;

/** A worker as the team needs it: whether it keeps the process alive. */
interface Thread {
  ref(): void;
  unref(): void;
}

type Message = 'ready' | 'ended';

/** The workers of one program, which sleep between runs. */
export class WasmTeam {
  readonly #memory: WasmMemory;
  readonly #session: number;
  readonly #files: URL | string | undefined;
  #threads: readonly Thread[] = [];
  #failure: KernelError | undefined;
  #settle: ((failure?: KernelError) => void) | undefined;

  /** `files`: the folder where the package's files are served, if its own is out of reach. */
  constructor(memory: WasmMemory, session: number, files?: URL | string) {
    this.#memory = memory;
    this.#session = session;
    this.#files = files;
  }

  /** @throws KernelError (`UNAVAILABLE`) where workers cannot be started */
  async start(count: number): Promise<void> {
    const { module, shared } = this.#memory;
    const starts = Array.from({ length: count }, async (_, worker) => {
      const stackEnd = this.#memory.allocate(STACK_BYTES) + STACK_BYTES;
      const data = { module, memory: shared, session: this.#session, worker, stackEnd };
      let settle: (error?: Error) => void = () => undefined;
      const ready = new Promise<void>((resolve, reject) => {
        settle = (error) => (error === undefined ? resolve() : reject(error));
      });
      const onMessage = (message: Message): void => {
        if (message === 'ready') settle();
        else this.#settle?.();
      };
      const thread = await startThread(data, this.#files, onMessage, (error) => {
        settle(error);
        this.#fail(error);
      });
      await ready;
      thread.unref();
      return thread;
    });
    const results = await Promise.allSettled(starts);
    if (this.#failure !== undefined) throw this.#failure;
    for (const result of results) if (result.status === 'rejected') throw this.#fail(result.reason as Error);
    this.#threads = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /**
   * Until the run that has just begun has ended, by itself or by the signal.
   *
   * @throws KernelError (`UNAVAILABLE`) where a worker has failed; the program is then of no use any more.
   */
  async runEnds(signal: AbortSignal | undefined): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const cancel = (): void => this.#memory.cancel(this.#session);
    signal?.addEventListener('abort', cancel, { once: true });
    for (const thread of this.#threads) thread.ref();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = (failure) => (failure === undefined ? resolve() : reject(failure));
      });
    } finally {
      this.#settle = undefined;
      for (const thread of this.#threads) thread.unref();
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends what runs, and the threads. A worker that had not yet woken for the run goes without a word: nobody waits for it. */
  dispose(): void {
    this.#memory.cancel(this.#session);
    this.#memory.close(this.#session);
    this.#settle?.();
  }

  #fail(cause: Error): KernelError {
    this.#failure ??= new KernelError(
      'UNAVAILABLE',
      `WASM kernels: a worker failed: ${cause.message}; compile again, or with threads: 1`,
      { cause },
    );
    this.#settle?.(this.#failure);
    return this.#failure;
  }
}

async function startThread(
  data: unknown,
  files: URL | string | undefined,
  onMessage: (message: Message) => void,
  onError: (error: Error) => void,
): Promise<Thread> {
  if (isNode()) {
    const threads = await importBuiltin<typeof import('node:worker_threads')>('node:worker_threads');
    // Bundlers for browsers take `new URL(…, import.meta.url)` for another file of theirs; this is not for them.
    const here = import.meta.url;
    const worker = new threads.Worker(new URL('../wasm/kernel-worker.js', here), { workerData: data, execArgv: [] });
    return worker.on('message', onMessage).on('error', onError);
  }
  const worker =
    files === undefined
      ? new Worker(new URL('../wasm/kernel-worker.js', import.meta.url), { type: 'module' })
      : new Worker(fileIn(files, 'kernel-worker.js'), { type: 'module' });
  worker.onmessage = (event: MessageEvent<Message>) => onMessage(event.data);
  worker.onerror = (event) => onError(new Error(event.message ?? 'its script could not be loaded'));
  worker.postMessage(data);
  return { ref: () => undefined, unref: () => undefined };
}
