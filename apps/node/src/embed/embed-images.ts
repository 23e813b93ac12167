import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { networkOf } from '@residual/classifier';
import { hashFile } from '@residual/weights/node';
import { checkTarget } from '../check-target.ts';
import { exitCode } from '../exit-code.ts';
import { type FoundImage, findImages } from '../find-images.ts';
import { type LoadedClassifier, loadClassifier, type ModelFlags } from '../load-classifier.ts';
import { type DecodeFlags, parseDecodeFlags } from '../pictures/decode-flags.ts';
import { PictureReader } from '../pictures/picture-reader.ts';
import { inputsOf, type Preparation, preparedBatches } from '../prepared-batches.ts';
import { showProgress } from '../progress.ts';
import { parseShard, takeShard } from '../shard.ts';
import { say } from '../terminal/output.ts';
import { type EmbeddingFormat, formatOf } from './embedding-formats.ts';
import { EmbeddingJournal } from './embedding-journal.ts';

export interface EmbedFlags extends ModelFlags, DecodeFlags {
  readonly out: string;
  readonly shard?: string;
  readonly force?: boolean;
}

/** Embeds pictures into a file, from where an earlier start was ended; one that cannot be read is reported. Gives the exit code. */
export async function embedImages(names: readonly string[], flags: EmbedFlags, signal: AbortSignal): Promise<number> {
  const { out } = flags;
  const format = formatOf(out);
  const shard = parseShard(flags.shard);
  const files = takeShard(await findImages(names), shard);
  const inputs = [flags.weights, ...files.map(({ file }) => file)];
  for (const file of format.files(out)) await checkTarget(file, { inputs, force: flags.force });
  const reader = new PictureReader(parseDecodeFlags(flags));
  const loaded = await loadClassifier(flags, reader.numbered(files, signal), signal);
  try {
    const length = loaded.classifier.numFeatures;
    const settings = {
      model: loaded.classifier.spec.name,
      network: networkOf(loaded.classifier.spec),
      ...(flags.entry !== undefined && { entry: flags.entry }),
      weights: await fingerprint(flags),
      preset: loaded.classifier.preset,
      ...reader.options,
      ...(await reader.standardInput(files, signal)),
      length,
    };
    const journal = await EmbeddingJournal.open(`${out}.partial`, settings);
    const startMs = performance.now();
    const earlier = journal.embedded + journal.failed;
    try {
      if (earlier > 0) say(`${out}.partial: ${earlier} pictures are done; going on`);
      const waiting = withoutDone(files, journal.done);
      await embedAll({ ...loaded, reader }, waiting, journal, signal);
      say(...reader.notes.lines);
      if (journal.embedded > 0) await finish(journal, format, out, length);
    } finally {
      await journal.close();
    }
    await journal.remove();
    say(summary(journal, earlier, performance.now() - startMs, out));
    if (journal.failed === 0) return exitCode.success;
    return journal.embedded > 0 ? exitCode.failure : exitCode.badInput;
  } finally {
    await loaded.classifier.dispose();
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

/** What tells weights from others: the digest of their file, or their published name. */
async function fingerprint({ model, weights }: ModelFlags): Promise<string> {
  const isFile = weights !== undefined && (await stat(weights).catch(() => undefined))?.isFile();
  if (!isFile) return weights ?? model ?? 'embedded weights';
  return `sha256:${await hashFile(weights)}`;
}

function summary({ embedded, failed }: EmbeddingJournal, earlier: number, elapsedMs: number, out: string): string {
  const rate = ((embedded + failed - earlier) / elapsedMs) * 1000;
  const bad = failed > 0 ? `, ${failed} not to be used` : '';
  return `${out}: ${embedded} pictures${bad}; ${rate.toFixed(1)} per second`;
}

/** The first of each name that were done are left out: a picture that is named twice is embedded twice. */
function withoutDone(files: readonly FoundImage[], done: ReadonlyMap<string, number>): FoundImage[] {
  const left = new Map(done);
  return files.filter(({ file }) => {
    const count = left.get(file) ?? 0;
    left.set(file, count - 1);
    return count <= 0;
  });
}

async function embedAll(
  loaded: LoadedClassifier & Preparation,
  files: readonly FoundImage[],
  journal: EmbeddingJournal,
  signal: AbortSignal,
): Promise<void> {
  const progress = showProgress(files.length, 'pictures', { printsLines: false, logs: true });
  try {
    for await (const batch of preparedBatches(files, loaded, signal)) {
      const rows = await loaded.classifier.forwardIntermediates(inputsOf(batch), ['pooled'], { signal });
      const next = rows.values();
      // Said first: what the journal has is not said again.
      for (const image of batch) if ('problem' in image) progress.say(`residual: ${image.problem}`);
      await journal.append(
        batch.map((image) =>
          'input' in image ? { file: image.file, embedding: next.next().value!.pooled.data } : image,
        ),
      );
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
  }
}
