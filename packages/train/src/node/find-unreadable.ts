import type { PixelImage } from '@residual/vision';
import { TrainError } from '../train-error.ts';
import type { ImageFolder } from './image-folder.ts';

/** A picture that cannot be decoded. */
export interface UnreadablePicture {
  readonly index: number;
  readonly path: string;
  /** In one line that begins with its path. */
  readonly problem: string;
}

export interface UnreadableOptions {
  /** Pictures after so many that can be decoded are not looked at; default: all are. */
  readonly enough?: number;
  /** Is given each picture that can be decoded, in their order. */
  readonly onImage?: (path: string, image: PixelImage) => void;
  /** Called with how many more were looked at. */
  readonly onProgress?: (count: number) => void;
  readonly signal?: AbortSignal;
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/**
 * The pictures of a folder that cannot be decoded, found by decoding them. `subset` leaves them out, so that a training is
 * that of a folder without them.
 *
 * @throws the signal's reason.
 */
export async function findUnreadable(
  data: ImageFolder,
  options: UnreadableOptions = {},
): Promise<readonly UnreadablePicture[]> {
  const { enough = Number.POSITIVE_INFINITY, onImage, onProgress, signal } = options;
  const unreadable: UnreadablePicture[] = [];
  for (let start = 0; start < data.size && start - unreadable.length < enough; start += CONCURRENCY) {
    signal?.throwIfAborted();
    const indices = Array.from({ length: Math.min(CONCURRENCY, data.size - start) }, (_, at) => start + at);
    const found = await Promise.all(indices.map((index) => look(data, index)));
    for (const [at, picture] of found.entries()) {
      const { path } = data.files[start + at]!;
      if ('problem' in picture) unreadable.push({ index: start + at, path, problem: picture.problem });
      else onImage?.(path, picture.image);
    }
    onProgress?.(indices.length);
  }
  return unreadable;
}

async function look(
  data: ImageFolder,
  index: number,
): Promise<{ readonly image: PixelImage } | { readonly problem: string }> {
  try {
    return await data.read(index);
  } catch (error) {
    if (TrainError.isInstance(error)) return { problem: error.message };
    throw error;
  }
}
