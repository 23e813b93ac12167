import type { FoundImage } from '../find-images.ts';
import type { LoadedClassifier } from '../load-classifier.ts';
import { inputsOf, type Preparation, preparedBatches } from '../prepared-batches.ts';
import { description } from '../rows/row-format.ts';
import type { EmbeddingRow } from './embedding-journal.ts';

/** A picture that was tried: its row, or what is wrong with it. */
export type EmbeddedImage<Image extends FoundImage> = { readonly image: Image } & (
  | { readonly row: EmbeddingRow }
  | { readonly problem: string }
);

/** Pictures and their embeddings, in their order, batch by batch. @throws the signal's reason; StorageError */
export async function* embedBatches<Image extends FoundImage>(
  images: AsyncIterable<Image>,
  loaded: LoadedClassifier & Preparation,
  signal: AbortSignal,
): AsyncGenerator<readonly EmbeddedImage<Image>[], void, undefined> {
  for await (const batch of preparedBatches(images, loaded, signal)) {
    const rows = await loaded.classifier.forwardIntermediates(inputsOf(batch), ['pooled'], { signal });
    const next = rows.values();
    yield batch.map((tried) => {
      const { image, file } = tried;
      if ('problem' in tried) return { image, problem: tried.problem };
      return { image, row: { file, ...description(image), embedding: next.next().value!.pooled.data } };
    });
  }
}
