import { NpyFile } from '../embed/npy-file.ts';
import { exitCode } from '../exit-code.ts';
import { type FoundImage, foundImage } from '../find-images.ts';
import { type LoadedClassifier, loadClassifier, type ModelFlags } from '../load-classifier.ts';
import { parseCount } from '../parse-count.ts';
import { type DecodeFlags, parseDecodeFlags } from '../pictures/decode-flags.ts';
import { PictureReader } from '../pictures/picture-reader.ts';
import { countOf, picturesOf } from '../pictures-of.ts';
import { inputsOf, type Preparation, preparedBatches } from '../prepared-batches.ts';
import { showProgress } from '../progress.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';
import { UsageError } from '../usage-error.ts';
import { offerByIndex } from './embedding-index.ts';
import { Nearest, type Neighbour } from './nearest.ts';
import { findSearched } from './searched.ts';

export interface SearchFlags extends ModelFlags, DecodeFlags {
  readonly top: string;
  readonly json?: boolean;
  readonly index?: string;
}

/** Finds the pictures of a folder, or of embeddings, most like a picture. Gives the exit code. */
export async function searchImages(
  folder: string,
  image: string,
  flags: SearchFlags,
  signal: AbortSignal,
): Promise<number> {
  const k = parseCount('--top', flags.top);
  const searched = await findSearched(folder, signal);
  if (flags.index !== undefined && !('npy' in searched))
    throw new UsageError(`--index: expected a FILE.npy to search, got ${folder}; residual embed makes one`);
  const reader = new PictureReader(parseDecodeFlags(flags));
  const queried = foundImage(image);
  const query = await reader.read(queried, signal);
  reader.notes.add(queried.file, query.notes);
  const others = 'npy' in searched ? [] : searched.images;
  const loaded = await loadClassifier(flags, reader.numbered([queried, ...others], signal), signal);
  try {
    const embedding = await loaded.classifier.embed(query, { signal });
    const nearest = new Nearest(embedding, k);
    const failures =
      'npy' in searched
        ? await offerRows(searched.npy, flags.index, { nearest, k, query: embedding, signal })
        : await offerImages(searched.images, { ...loaded, reader }, nearest, signal);
    say(...reader.notes.lines);
    if (flags.json) for (const neighbour of nearest.found) printJson(neighbour);
    else if (nearest.found.length > 0) print(...similarityTable(nearest.found));
    if (failures === 0) return exitCode.success;
    return nearest.found.length > 0 ? exitCode.failure : exitCode.badInput;
  } finally {
    await loaded.classifier.dispose();
  }
}

/** Of all rows, or of those that the index finds. */
async function offerRows(
  npy: string,
  index: string | undefined,
  { nearest, k, query, signal }: { nearest: Nearest; k: number; query: Float32Array; signal: AbortSignal },
): Promise<number> {
  if (index !== undefined) {
    await offerByIndex({ npy, index, k }, query, nearest, signal);
    return 0;
  }
  const file = await NpyFile.open(npy);
  try {
    file.checkLength(query.length);
    for await (const { file: name, embedding } of file.named()) {
      signal.throwIfAborted();
      nearest.offer(name, embedding);
    }
  } finally {
    await file.close();
  }
  return 0;
}

async function offerImages(
  files: readonly FoundImage[],
  loaded: LoadedClassifier & Preparation,
  nearest: Nearest,
  signal: AbortSignal,
): Promise<number> {
  const progress = showProgress(countOf(files), 'pictures', { printsLines: false });
  let failures = 0;
  try {
    for await (const batch of preparedBatches(picturesOf(files, signal), loaded, signal)) {
      const rows = await loaded.classifier.forwardIntermediates(inputsOf(batch), ['pooled'], { signal });
      const next = rows.values();
      for (const image of batch) {
        if ('input' in image) nearest.offer(image.file, next.next().value!.pooled.data);
        else progress.say(`residual: ${image.problem}`);
      }
      failures += batch.length - rows.length;
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
  }
  return failures;
}

function similarityTable(found: readonly Neighbour[]): readonly string[] {
  return textTable(
    [
      { head: 'picture', cut: 'start' },
      { head: 'similarity', align: 'right' },
    ],
    found.map(({ file, similarity }) => [file, similarity.toFixed(4)]),
  );
}
