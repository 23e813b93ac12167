import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** What ImageMagick made of a file: pixels, or only its size where that is too much, or nothing. */
export interface MagickAnswer {
  readonly id: number;
  readonly width?: number;
  readonly height?: number;
  /** Four samples a pixel, else three. */
  readonly isCmyk?: boolean;
  readonly data?: Uint8Array;
}

/** How long an idle thread keeps its memory. */
const IDLE_MS = 5_000;

/** One thread with ImageMagick, for one file after the other; it ends when nothing is left to do. */
class MagickThread {
  readonly #worker: Worker = new Worker(new URL('../../worker/magick-worker.js', import.meta.url), { execArgv: [] });
  readonly #waiting: Map<number, PromiseWithResolvers> = new Map();
  #count = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(onEnd: () => void) {
    const end = (error: Error): void => {
      onEnd();
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#worker.on('message', (answer: MagickAnswer) => this.#settle(answer));
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end(new Error('the thread ended')));
  }

  decode(request: { bytes: Uint8Array; coder: string; maxPixels: number }): Promise<MagickAnswer> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request });
    });
  }

  #settle(answer: MagickAnswer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size > 0) return;
    this.#worker.unref();
    this.#idle = setTimeout(() => void this.#worker.terminate(), IDLE_MS).unref();
  }
}

interface PromiseWithResolvers {
  readonly resolve: (answer: MagickAnswer) => void;
  readonly reject: (error: Error) => void;
}

let thread: MagickThread | undefined;

/** Whether the library lies where this package finds it. */
export function isMagickInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@imagemagick/magick-wasm/magick.wasm');
    return true;
  } catch {
    return false;
  }
}

/** Reads a file's first picture by one of ImageMagick's coders. Rejects where the thread fails. */
export function askMagick(bytes: Uint8Array, coder: string, maxPixels: number): Promise<MagickAnswer> {
  thread ??= new MagickThread(() => {
    thread = undefined;
  });
  return thread.decode({ bytes, coder, maxPixels });
}
