import { checkTarget } from '../check-target.ts';
import { type FoundImage, findInputs } from '../find-images.ts';
import { loadClassifier, type ModelFlags } from '../load-classifier.ts';
import { type PartsFlags, parsePartsFlags } from '../parts/parts-flags.ts';
import { type Outcome, writeParts } from '../parts/write-parts.ts';
import { type DecodeFlags, parseDecodeFlags } from '../pictures/decode-flags.ts';
import { PictureReader } from '../pictures/picture-reader.ts';
import { hasArchives, type LocatedImage } from '../pictures-of.ts';
import { rowSettings } from '../rows/row-settings.ts';
import { parseShard, takeShard } from '../shard.ts';
import { say } from '../terminal/output.ts';
import { type EmbeddedImage, embedBatches } from './embed-batches.ts';
import { embedIntoFile } from './embed-into-file.ts';
import { embeddingRows, formatOf } from './embedding-formats.ts';
import type { EmbeddingRow } from './embedding-journal.ts';

export interface EmbedFlags extends ModelFlags, DecodeFlags, PartsFlags {
  readonly out: string;
}

/**
 * Embeds pictures into a file or into parts, from where an earlier start was ended; one that cannot be read is reported. Gives
 * the exit code.
 */
export async function embedImages(names: readonly string[], flags: EmbedFlags, signal: AbortSignal): Promise<number> {
  const { out, from } = flags;
  const shard = parseShard(flags.shard);
  const parts = parsePartsFlags(flags, '.parquet');
  const found = await findInputs({ names, from }, signal);
  // Of all pictures, so that shards have the same columns, and int8 the same ranges.
  const isDescribed = hasArchives(found);
  const inputs = takeShard(found, shard);
  const format = parts === undefined ? formatOf(out, isDescribed) : undefined;
  const read = [flags.weights, from, ...inputs.map(({ file }) => file)];
  for (const file of format?.files(out) ?? []) await checkTarget(file, { inputs: read, force: flags.force });
  const reader = new PictureReader(parseDecodeFlags(flags));
  const loaded = await loadClassifier(flags, reader.numbered(found, signal), signal);
  try {
    const length = loaded.classifier.numFeatures;
    const settings = { ...(await rowSettings({ flags, loaded, reader, inputs }, signal)), length };
    const embed = <Image extends FoundImage>(pictures: AsyncIterable<Image>) =>
      embedBatches(pictures, { ...loaded, reader }, signal);
    if (format !== undefined) {
      const notes = (): readonly string[] => reader.notes.lines;
      return await embedIntoFile({ out, format, inputs, settings, embed, notes }, signal);
    }
    const rows = embeddingRows(isDescribed).find(({ extension }) => extension === parts!.extension)!;
    const compute = (pictures: AsyncIterable<LocatedImage>) => outcomesOf(embed(pictures));
    const exitCode = await writeParts({ out, ...parts!, format: rows, shard, inputs, settings, compute }, signal);
    say(...reader.notes.lines);
    return exitCode;
  } finally {
    await loaded.classifier.dispose();
  }
}

async function* outcomesOf(
  batches: AsyncIterable<readonly EmbeddedImage<LocatedImage>[]>,
): AsyncGenerator<Outcome<EmbeddingRow>, void, undefined> {
  for await (const batch of batches) for (const { image, ...rest } of batch) yield { next: image.next, ...rest };
}
