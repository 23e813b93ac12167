import type { ImageNote, PixelImage } from '@residual/vision';
import type { FoundImage } from './find-images.ts';
import { mapLimited } from './map-limited.ts';
import type { PictureReader } from './pictures/picture-reader.ts';
import { isKnown } from './report-error.ts';

/** A picture as the network takes it. */
export interface PreparedImage {
  readonly file: string;
  readonly input: Float32Array;
  readonly notes: readonly ImageNote[];
}

/** A picture that cannot be used, in one line. */
export interface BadImage {
  readonly file: string;
  readonly problem: string;
}

/** How pictures are read and prepared, and how many at a time. */
export interface Preparation {
  readonly reader: PictureReader;
  readonly prepare: (image: PixelImage) => Float32Array;
  readonly chunkSize: number;
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/**
 * Pictures decoded and prepared, `chunkSize` at a time, each chunk while the caller is at work on the one before; what is wrong
 * with one is its result. What decoders note is put into the reader's notes.
 *
 * @throws the signal's reason.
 */
export async function* preparedBatches(
  images: readonly FoundImage[],
  { reader, prepare, chunkSize }: Preparation,
  signal: AbortSignal,
): AsyncGenerator<readonly (PreparedImage | BadImage)[], void, undefined> {
  const begin = (start: number): Promise<(PreparedImage | BadImage)[]> => {
    const batch = mapLimited(images.slice(start, start + chunkSize), CONCURRENCY, (image) =>
      prepareOne(image, reader, prepare, signal),
    );
    // Whoever takes it sees the failure; until then it is nobody's.
    batch.catch(() => undefined);
    return batch;
  };
  let next = begin(0);
  for (let start = 0; start < images.length; start += chunkSize) {
    signal.throwIfAborted();
    const batch = await next;
    next = begin(start + chunkSize);
    for (const image of batch) if ('notes' in image) reader.notes.add(image.file, image.notes);
    yield batch;
  }
}

/** The inputs of those that can be used. */
export function inputsOf(batch: readonly (PreparedImage | BadImage)[]): Float32Array[] {
  return batch.flatMap((image) => ('input' in image ? [image.input] : []));
}

async function prepareOne(
  image: FoundImage,
  reader: PictureReader,
  prepare: (image: PixelImage) => Float32Array,
  signal: AbortSignal,
): Promise<PreparedImage | BadImage> {
  const { file } = image;
  try {
    const pixels = await reader.read(image, signal);
    return { file, input: prepare(pixels), notes: pixels.notes ?? [] };
  } catch (error) {
    if (isKnown(error)) return { file, problem: error.message };
    throw error;
  }
}
