import { Worker } from 'node:worker_threads';
import type { Batch } from '../step-runner.ts';
import { TrainError } from '../train-error.ts';
import {
  type BatchReply,
  type BatchRequest,
  type BatchThreadData,
  type BatchThreadShape,
  errorOf,
} from './batch-protocol.ts';
import { builtModule } from './built-module.ts';

interface Waiting {
  readonly place: string;
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread that makes batches. It keeps the process alive only while it is asked for something. */
export class BatchClient {
  /** Rejects where the thread cannot make the data. */
  readonly shape: Promise<BatchThreadShape>;
  readonly #worker: Worker;
  readonly #waiting: Map<number, Waiting> = new Map();
  #nextId = 0;
  #ended: { readonly reason: unknown } | undefined;

  constructor(data: BatchThreadData) {
    this.#worker = new Worker(builtModule('batch-thread'), { workerData: data, execArgv: [] });
    this.shape = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: BatchReply) => {
        if (message.kind === 'ready') {
          this.#worker.unref();
          resolve(message.shape);
        } else if (message.kind === 'failure' && message.id === undefined)
          reject(errorOf(message.failure, data.module));
        else this.#settle(message);
      });
      const fail = (reason: string): void => {
        const problem = `expected batches, got its end: ${reason.replace(/\s*\n\s*/g, ' ')}; go on with fewer threads`;
        this.#end(new TrainError('BAD_DATA', 'thread for data', problem));
        reject(this.#ended!.reason);
      };
      this.#worker.on('error', (error) => fail(String(error)));
      this.#worker.on('exit', (code) => fail(`exit code ${code}`));
    });
    // Whoever opened it sees the failure; a thread that is ended before it is open is nobody's.
    this.shape.catch(() => undefined);
  }

  /** How many batches it is asked for. */
  get load(): number {
    return this.#waiting.size;
  }

  ask(epoch: number, index: number): Promise<Batch> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended.reason);
        return;
      }
      const request: BatchRequest = { id: this.#nextId++, epoch, index };
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(request.id, { place: `batch ${index} of epoch ${epoch + 1}`, resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Ends the thread; what it is asked for is refused with `reason`. */
  async end(reason: unknown): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  #settle(message: Exclude<BatchReply, { readonly kind: 'ready' }>): void {
    const waiting = this.#waiting.get(message.id!);
    this.#waiting.delete(message.id!);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (message.kind === 'batch') waiting?.resolve(message.batch);
    else waiting?.reject(errorOf(message.failure, waiting.place));
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    for (const { reject } of this.#waiting.values()) reject(this.#ended.reason);
    this.#waiting.clear();
  }
}
