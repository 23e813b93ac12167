import type { PixelImage } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { mapLimited } from './map-limited.ts';
import { isKnown } from './report-error.ts';

/** A picture as the network takes it. */
export interface PreparedImage {
  readonly file: string;
  readonly input: Float32Array;
}

/** A picture that cannot be used, in one line. */
export interface BadImage {
  readonly file: string;
  readonly problem: string;
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/**
 * Files decoded and prepared, `chunkSize` at a time, each chunk while the caller is at work on the one before; what is wrong
 * with a file is its result.
 *
 * @throws the signal's reason.
 */
export async function* preparedBatches(
  files: readonly string[],
  { prepare, chunkSize }: { readonly prepare: (image: PixelImage) => Float32Array; readonly chunkSize: number },
  signal: AbortSignal,
): AsyncGenerator<readonly (PreparedImage | BadImage)[], void, undefined> {
  const begin = (start: number): Promise<(PreparedImage | BadImage)[]> => {
    const batch = mapLimited(files.slice(start, start + chunkSize), CONCURRENCY, (file) => prepareFile(file, prepare));
    // Whoever takes it sees the failure; until then it is nobody's.
    batch.catch(() => undefined);
    return batch;
  };
  let next = begin(0);
  for (let start = 0; start < files.length; start += chunkSize) {
    signal.throwIfAborted();
    const batch = await next;
    next = begin(start + chunkSize);
    yield batch;
  }
}

/** The inputs of those that can be used. */
export function inputsOf(batch: readonly (PreparedImage | BadImage)[]): Float32Array[] {
  return batch.flatMap((image) => ('input' in image ? [image.input] : []));
}

async function prepareFile(
  file: string,
  prepare: (image: PixelImage) => Float32Array,
): Promise<PreparedImage | BadImage> {
  try {
    return { file, input: prepare(await decodeImage(file)) };
  } catch (error) {
    if (isKnown(error)) return { file, problem: error.message };
    throw error;
  }
}
