import { setTimeout as sleep } from 'node:timers/promises';
import { type Classifier, type PictureOptions, readImage } from '@residual/classifier';
import type { PixelImage } from '@residual/vision';
import { Piscina } from 'piscina';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Prepared, PrepareTask, PrepareThread } from './prepare-worker.ts';
import { Slots } from './slots.ts';

/** How pictures are decoded. */
export type ReadingOptions = Omit<PictureOptions, 'onNote'>;

/** Makes a network's input of a picture's file or pixels. */
export interface Preparer {
  readonly reading: ReadingOptions;
  /** `[edgePx, edgePx, channels] float32`. @throws DecodeError, ImageError, ProtocolError, or the signal's reason. */
  prepare(classifier: Classifier, picture: Uint8Array | PixelImage, signal: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Decoded pictures are large: so many are in memory at a time where one thread does all. */
const IN_THREAD = 4;
/** A thread takes 0.3 s to load, and much longer where the machine has other work. */
const LOADING_MS = 10_000;

/** Prepares on threads of its own, so that the server goes on answering meanwhile. */
export function preparerOnThreads(threads: number, reading: ReadingOptions): Preparer {
  const filename = new URL('./prepare-worker.js', import.meta.url).href;
  const loaded = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: PrepareThread = { loaded };
  const pool = new Piscina<PrepareTask, Prepared>({ filename, workerData, minThreads: threads, maxThreads: threads });
  // The pool's own signal would end the thread with the task.
  const slots = new Slots(threads);
  return {
    reading,
    async prepare({ preset, inChannels }, picture, signal) {
      const prepared = await slots.use(signal, () => {
        const own = withOwnMemory(picture);
        const { buffer } = own instanceof Uint8Array ? own : own.data;
        return pool.run(
          { picture: own, preset, inChannels, options: reading },
          { transferList: [buffer as ArrayBuffer] },
        );
      });
      signal.throwIfAborted();
      if (prepared instanceof Float32Array) return prepared;
      throw new ProtocolError(400, prepared.refused);
    },
    async close() {
      await whenLoaded(loaded, threads);
      await pool.close();
    },
  };
}

/** Node 20 falls with the whole process where a thread is ended while it links its modules. */
async function whenLoaded(loaded: Int32Array, threads: number): Promise<void> {
  const endMs = performance.now() + LOADING_MS;
  // A thread that cannot load never comes.
  while (Atomics.load(loaded, 0) < threads && performance.now() < endMs) await sleep(10);
}

/** Prepares on the thread that asks: files are decoded beside it, resizing and normalising are its own work. */
export function preparerInThread(reading: ReadingOptions): Preparer {
  const slots = new Slots(IN_THREAD);
  return {
    reading,
    prepare: (classifier, picture, signal) =>
      slots.use(signal, async () => classifier.prepare(await readImage(picture, { ...reading, signal }))),
    close: () => Promise.resolve(),
  };
}

/** A copy: a part of a request's body would bring all of it along. */
function withOwnMemory(picture: Uint8Array | PixelImage): Uint8Array | PixelImage {
  return picture instanceof Uint8Array ? new Uint8Array(picture) : { ...picture, data: new Uint8Array(picture.data) };
}
