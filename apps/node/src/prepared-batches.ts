import type { ImageNote, PixelImage } from '@residual/vision';
import pMap from 'p-map';
import { take } from './chunks.ts';
import type { FoundImage } from './find-images.ts';
import type { PictureReader } from './pictures/picture-reader.ts';
import { isKnown } from './report-error.ts';
import { StorageError } from './s3/storage-error.ts';

/** A picture as the network takes it. */
export interface PreparedImage<Image extends FoundImage = FoundImage> {
  readonly file: string;
  readonly image: Image;
  readonly input: Float32Array;
  readonly notes: readonly ImageNote[];
}

/** A picture that cannot be used, in one line. */
export interface BadImage<Image extends FoundImage = FoundImage> {
  readonly file: string;
  readonly image: Image;
  readonly problem: string;
}

/** A picture that was tried. */
export type TriedImage<Image extends FoundImage = FoundImage> = PreparedImage<Image> | BadImage<Image>;

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
 * @throws the signal's reason; StorageError.
 */
export async function* preparedBatches<Image extends FoundImage>(
  images: AsyncIterable<Image>,
  { reader, prepare, chunkSize }: Preparation,
  signal: AbortSignal,
): AsyncGenerator<readonly TriedImage<Image>[], void, undefined> {
  const source = images[Symbol.asyncIterator]();
  const begin = (): Promise<TriedImage<Image>[]> => {
    const batch = take(source, chunkSize).then((chunk) =>
      pMap(chunk, (image) => prepareOne(image, reader, prepare, signal), { concurrency: CONCURRENCY }),
    );
    // Whoever takes it sees the failure; until then it is nobody's.
    batch.catch(() => undefined);
    return batch;
  };
  let next = begin();
  try {
    for (;;) {
      signal.throwIfAborted();
      const batch = await next;
      if (batch.length === 0) return;
      next = begin();
      for (const image of batch) if ('notes' in image) reader.notes.add(image.file, image.notes);
      yield batch;
    }
  } finally {
    // What is being read is read before it is closed.
    await next.catch(() => undefined);
    await source.return?.();
  }
}

/** The inputs of those that can be used. */
export function inputsOf(batch: readonly TriedImage[]): Float32Array[] {
  return batch.flatMap((image) => ('input' in image ? [image.input] : []));
}

async function prepareOne<Image extends FoundImage>(
  image: Image,
  reader: PictureReader,
  prepare: (image: PixelImage) => Float32Array,
  signal: AbortSignal,
): Promise<TriedImage<Image>> {
  const { file } = image;
  try {
    const pixels = await reader.read(image, signal);
    return { file, image, input: prepare(pixels), notes: pixels.notes ?? [] };
  } catch (error) {
    // A place that fails may be back at the next start.
    if (isKnown(error) && !StorageError.isInstance(error)) return { file, image, problem: error.message };
    throw error;
  }
}
