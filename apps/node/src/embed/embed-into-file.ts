import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCode } from '../exit-code.ts';
import type { FoundImage } from '../find-images.ts';
import { countOf, picturesOf } from '../pictures-of.ts';
import { showProgress } from '../progress.ts';
import { say } from '../terminal/output.ts';
import type { EmbeddedImage } from './embed-batches.ts';
import type { EmbeddingFormat } from './embedding-formats.ts';
import { EmbeddingJournal, type EmbeddingSettings } from './embedding-journal.ts';

/** Embeddings that go into one file. */
export interface FileJob {
  readonly out: string;
  readonly format: EmbeddingFormat;
  readonly inputs: readonly FoundImage[];
  readonly settings: EmbeddingSettings;
  readonly embed: (pictures: AsyncIterable<FoundImage>) => AsyncIterable<readonly EmbeddedImage<FoundImage>[]>;
  /** What decoders noted, once all is read. */
  readonly notes: () => readonly string[];
}

/** Embeds what is not in the file's journal, and writes the file when all is. Gives the exit code. */
export async function embedIntoFile(
  { out, format, inputs, settings, ...job }: FileJob,
  signal: AbortSignal,
): Promise<number> {
  const journal = await EmbeddingJournal.open(`${out}.partial`, settings);
  const startMs = performance.now();
  const earlier = journal.embedded + journal.failed;
  try {
    if (earlier > 0) say(`${out}.partial: ${earlier} pictures are done; going on`);
    const total = countOf(inputs);
    const waiting = withoutDone(picturesOf(inputs, signal), journal.done);
    await append(job.embed(waiting), journal, total === undefined ? total : total - earlier);
    say(...job.notes());
    if (journal.embedded > 0) await finish(journal, format, out, settings.length);
  } finally {
    await journal.close();
  }
  await journal.remove();
  say(summary(journal, earlier, performance.now() - startMs, out));
  if (journal.failed === 0) return exitCode.success;
  return journal.embedded > 0 ? exitCode.failure : exitCode.badInput;
}

async function append(
  batches: AsyncIterable<readonly EmbeddedImage<FoundImage>[]>,
  journal: EmbeddingJournal,
  total: number | undefined,
): Promise<void> {
  const progress = showProgress(total, 'pictures', { printsLines: false, logs: true });
  try {
    for await (const batch of batches) {
      // Said first: what the journal has is not said again.
      for (const image of batch) if ('problem' in image) progress.say(`residual: ${image.problem}`);
      await journal.append(
        batch.map((done) => ('row' in done ? done.row : { file: done.image.file, problem: done.problem })),
      );
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
  }
}

/** The first of each name that were done are left out: a picture that is named twice is embedded twice. */
async function* withoutDone(
  images: AsyncIterable<FoundImage>,
  done: ReadonlyMap<string, number>,
): AsyncGenerator<FoundImage, void, undefined> {
  const left = new Map(done);
  for await (const image of images) {
    const count = left.get(image.file) ?? 0;
    left.set(image.file, count - 1);
    if (count <= 0) yield image;
  }
}

/** Written beside the journal, then put in its place: what is called `out` is whole. */
async function finish(journal: EmbeddingJournal, format: EmbeddingFormat, out: string, length: number): Promise<void> {
  const targets = format.files(out);
  const temporary = targets.map((_, index) => join(journal.folder, `written-${index}`));
  await format.write(temporary, { rows: journal.read(), count: journal.embedded, length });
  // The file that was asked for comes last, and with it all are there.
  for (const [index, target] of [...targets.entries()].reverse()) await rename(temporary[index]!, target);
}

function summary({ embedded, failed }: EmbeddingJournal, earlier: number, elapsedMs: number, out: string): string {
  const rate = ((embedded + failed - earlier) / elapsedMs) * 1000;
  const bad = failed > 0 ? `, ${failed} not to be used` : '';
  return `${out}: ${embedded} pictures${bad}; ${rate.toFixed(1)} per second`;
}
