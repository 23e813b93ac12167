import { workerData } from 'node:worker_threads';
import { type PictureOptions, prepareImage, readImage } from '@residual/classifier';
import { DecodeError, ImageError, type PixelImage, type Preset } from '@residual/vision';
import { move } from 'piscina';

export interface PrepareTask {
  readonly picture: Uint8Array | PixelImage;
  readonly preset: Preset;
  readonly inChannels: number;
  readonly options: Omit<PictureOptions, 'onNote'>;
}

/** The network's input, or why the picture is none: errors lose their class on their way between threads. */
export type Prepared = Float32Array | { readonly refused: string };

/** What a thread is started with: it counts itself in `loaded` once its modules are there. */
export interface PrepareThread {
  readonly loaded: Int32Array;
}

const { loaded } = workerData as PrepareThread;
Atomics.add(loaded, 0, 1);

/** On a thread of its own. */
export default async function prepare({ picture, preset, inChannels, options }: PrepareTask): Promise<Prepared> {
  try {
    return move(prepareImage(await readImage(picture, options), preset, inChannels)) as Float32Array;
  } catch (error) {
    if (DecodeError.isInstance(error) || ImageError.isInstance(error)) return { refused: error.message };
    throw error;
  }
}
