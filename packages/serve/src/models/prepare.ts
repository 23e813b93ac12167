import { type Classifier, type PictureOptions, readImage } from '@residual/classifier';
import type { PixelImage } from '@residual/vision';
import { Piscina } from 'piscina';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Prepared, PrepareTask } from './prepare-worker.ts';

/** Makes a network's input of a picture's file or pixels. */
export interface Preparer {
  /** `[edgePx, edgePx, channels] float32`. @throws DecodeError, ImageError, or the signal's reason. */
  prepare(classifier: Classifier, picture: Uint8Array | PixelImage, signal: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Prepares on threads of its own, so that the server goes on answering meanwhile. */
export function preparerOnThreads(threads: number, options: Omit<PictureOptions, 'onNote'>): Preparer {
  const filename = new URL('./prepare-worker.js', import.meta.url).href;
  const pool = new Piscina<PrepareTask, Prepared>({ filename, minThreads: threads, maxThreads: threads });
  return {
    async prepare({ preset, inChannels }, picture, signal) {
      // Not by the pool's own signal: it would end the thread with the task.
      signal.throwIfAborted();
      const prepared = await pool.run({ picture, preset, inChannels, options });
      signal.throwIfAborted();
      if (prepared instanceof Float32Array) return prepared;
      throw new ProtocolError(400, prepared.refused);
    },
    close: () => pool.close(),
  };
}

/** Prepares on the thread that asks: files are decoded beside it, resizing and normalising are its own work. */
export function preparerInThread(options: PictureOptions): Preparer {
  return {
    async prepare(classifier, picture, signal) {
      const image = await readImage(picture, { ...options, signal });
      signal.throwIfAborted();
      return classifier.prepare(image);
    },
    close: () => Promise.resolve(),
  };
}
