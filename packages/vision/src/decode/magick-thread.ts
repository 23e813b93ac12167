import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** What ImageMagick made of a file: pixels, or only its size where that is too much, or nothing. */
export interface MagickAnswer {
  readonly width?: number;
  readonly height?: number;
  /** Four samples a pixel, else three. */
  readonly isCmyk?: boolean;
  readonly data?: Uint8Array;
  readonly isOutOfMemory?: boolean;
}

/** How long an idle thread keeps its memory. */
const IDLE_MS = 5_000;

let thread: MagickThread | undefined;
let idle: NodeJS.Timeout | undefined;
let queue: Promise<unknown> = Promise.resolve();

/** Whether the library lies where this package finds it. */
export function isMagickInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@imagemagick/magick-wasm/magick.wasm');
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a file's first picture by one of ImageMagick's coders, one file after the other in one thread, so that a thread that
 * fails takes no other file with it. Rejects where it does.
 */
export function askMagick(bytes: Uint8Array, coder: string, maxPixels: number): Promise<MagickAnswer> {
  const answer = queue.then(() => ask({ bytes, coder, maxPixels }));
  queue = answer.catch(() => undefined);
  return answer;
}

async function ask(request: object): Promise<MagickAnswer> {
  clearTimeout(idle);
  thread ??= new MagickThread();
  try {
    return await thread.ask(request);
  } catch (error) {
    thread = undefined;
    throw error;
  } finally {
    idle = setTimeout(end, IDLE_MS).unref();
  }
}

function end(): void {
  thread?.end();
  thread = undefined;
}

/** Answers one request at a time, and keeps the process alive only while it does. */
class MagickThread {
  readonly #worker = new Worker(new URL('../../worker/magick-worker.js', import.meta.url), { execArgv: [] });
  #resolve: (answer: MagickAnswer) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor() {
    this.#worker.on('message', (answer: MagickAnswer) => this.#resolve(answer));
    this.#worker.on('error', (error: Error) => this.#reject(error));
    this.#worker.on('exit', () => this.#reject(new Error('the thread ended')));
  }

  ask(request: object): Promise<MagickAnswer> {
    this.#worker.ref();
    const answer = new Promise<MagickAnswer>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#worker.postMessage(request);
    });
    return answer.finally(() => this.#worker.unref());
  }

  end(): void {
    void this.#worker.terminate();
  }
}
