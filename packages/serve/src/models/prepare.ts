import { type Classifier, type PictureOptions, readImage } from '@residual/classifier';
import type { PixelImage } from '@residual/vision';

/** Makes a network's input of a picture's file or pixels. */
export interface Preparer {
  /** `[edgePx, edgePx, channels] float32`. @throws DecodeError, ImageError, or the signal's reason. */
  prepare(classifier: Classifier, picture: Uint8Array | PixelImage, signal: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
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
