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
  /** Is given each picture that can be decoded. */
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
    const problems = await Promise.all(indices.map((index) => problemOf(data, index, onImage)));
    for (const [at, problem] of problems.entries())
      if (problem !== undefined) unreadable.push({ index: start + at, path: data.files[start + at]!.path, problem });
    onProgress?.(indices.length);
  }
  return unreadable;
}

async function problemOf(
  data: ImageFolder,
  index: number,
  onImage: UnreadableOptions['onImage'],
): Promise<string | undefined> {
  try {
    const { image } = await data.read(index);
    onImage?.(data.files[index]!.path, image);
    return undefined;
  } catch (error) {
    if (TrainError.isInstance(error)) return error.message;
    throw error;
  }
}
