import { Worker } from 'node:worker_threads';
import type { DecodeOptions, ImageNote, Preset } from '@residual/vision';

/** How pictures are read and prepared. */
export interface PreparationSettings {
  readonly preset: Preset;
  /** One channel in place of three. */
  readonly isGrey: boolean;
  readonly decode: DecodeOptions;
}

export interface PreparationRequest {
  readonly number: number;
  readonly file: string;
}

/** A picture as the network takes it, or in one line why it cannot be used, or what nobody expected. */
export type PreparationResult =
  | { readonly input: Float32Array; readonly notes: readonly ImageNote[] }
  | { readonly problem: string }
  | { readonly unforeseen: unknown };

export interface PreparationAnswer {
  readonly number: number;
  readonly result: PreparationResult;
}

interface Waiting {
  resolve(result: PreparationResult): void;
  reject(error: unknown): void;
}

/** Threads that decode and prepare files of pictures, so that the main thread is there for the engine. */
export class PreparationThreads {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(settings: PreparationSettings, count: number) {
    const file = new URL('./preparation-thread.js', import.meta.url);
    this.#workers = Array.from({ length: count }, () => {
      const worker = new Worker(file, { workerData: settings, execArgv: [] });
      worker.on('message', ({ number, result }: PreparationAnswer) => {
        this.#waiting.get(number)?.resolve(result);
        this.#waiting.delete(number);
      });
      worker.on('error', (error) => {
        for (const { reject } of this.#waiting.values()) reject(error);
      });
      return worker;
    });
  }

  /** Each thread gets its turn. @throws what nobody expected */
  async prepare(file: string): Promise<Exclude<PreparationResult, { readonly unforeseen: unknown }>> {
    const number = this.#asked++;
    const request: PreparationRequest = { number, file };
    const result = await new Promise<PreparationResult>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#workers[number % this.#workers.length]!.postMessage(request);
    });
    if ('unforeseen' in result) throw result.unforeseen;
    return result;
  }

  /** Ends the threads; what they are at work on never comes. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
