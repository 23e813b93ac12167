import type { Example } from '@residual/train';
import type { PixelImage } from '@residual/vision';
import { findImages } from '../find-images.ts';
import type { DecodeFlags } from '../pictures/decode-flags.ts';
import { parseDecodeFlags } from '../pictures/decode-flags.ts';
import { PictureReader } from '../pictures/picture-reader.ts';
import { countOf, hasArchives, picturesOf } from '../pictures-of.ts';
import type { NumberedPictures } from '../precision-flags.ts';
import { type Shard, takeShard } from '../shard.ts';
import { UsageError } from '../usage-error.ts';
import { classIndex } from './class-indices.ts';
import { openTestData, testDataFor } from './test-data.ts';

/** A test picture whose class is known. */
export interface TestExample {
  /** What messages call it. */
  readonly name: string;
  /** The folder of its class, if it has one. */
  readonly folder?: string | undefined;
  readonly read: () => Promise<Example>;
}

/** Test pictures of any classes. */
export interface TestExamples {
  /** How many there are, where that is known before they are read. */
  readonly count: number | undefined;
  /** Of all shards together, by number: for int8. */
  readonly numbered: NumberedPictures;
  /** Those of the shard, with indices of a model's labels. @throws TrainError, UsageError for data of other classes */
  readonly of: (labels: readonly string[]) => AsyncIterable<TestExample>;
}

/** Which test pictures, and how they are read. */
export interface TestDataFlags extends DecodeFlags {
  readonly data: string;
}

const ARCHIVES = /^archives:(.+)$/s;

/** Opens what `--data` names, the first `limit` of it, and of those a shard. @throws UsageError, TrainError */
export async function openExamples(
  flags: TestDataFlags,
  { limit, shard }: { readonly limit: number; readonly shard: Shard },
  signal: AbortSignal,
): Promise<TestExamples> {
  const [, archives] = ARCHIVES.exec(flags.data) ?? [];
  if (archives !== undefined) return inArchives(archives, flags, { limit, shard }, signal);
  const opened = await openTestData(flags.data, parseDecodeFlags(flags));
  const all = [...Array(Math.min(limit, opened.pictures.size)).keys()];
  const chosen = takeShard(all, shard);
  return {
    count: chosen.length,
    numbered: {
      count: all.length,
      read: async (index): Promise<PixelImage> => (await opened.pictures.read(all[index]!)).image,
    },
    async *of(labels) {
      const data = testDataFor(opened, labels);
      for (const index of chosen) {
        const name = data.fileOf?.(index) ?? `picture ${index}`;
        yield { name, folder: data.folderOf?.(index), read: async () => data.read(index) };
      }
    },
  };
}

async function inArchives(
  name: string,
  flags: DecodeFlags,
  { limit, shard }: { readonly limit: number; readonly shard: Shard },
  signal: AbortSignal,
): Promise<TestExamples> {
  const found = await findImages([name], signal);
  if (!hasArchives(found))
    throw new UsageError(`--data: expected archives:FILE or a pattern of .tar and .parquet files, got '${name}'`);
  if (Number.isFinite(limit) && shard.count > 1)
    throw new UsageError('--limit: expected no --shard beside it, as archives are not counted first; leave one out');
  const reader = new PictureReader(parseDecodeFlags(flags));
  const inputs = takeShard(found, shard);
  return {
    count: countOf(inputs),
    numbered: reader.numbered(found, signal),
    async *of(labels) {
      let left = limit;
      for await (const image of picturesOf(inputs, signal)) {
        if (left-- <= 0) return;
        yield {
          name: image.file,
          read: async () => ({
            image: await reader.read(image, signal),
            label: labelOf(image.file, image.target, labels),
          }),
        };
      }
    },
  };
}

/** @throws UsageError where the archive says no class, or one that the model does not have */
function labelOf(file: string, target: number | string | undefined, labels: readonly string[]): number {
  const index = target === undefined ? undefined : classIndex(String(target), labels);
  if (index !== undefined) return index;
  const got = target === undefined ? 'none' : `'${target}'`;
  throw new UsageError(
    `${file}: expected a class of the model, a label or an index below ${labels.length}, got ${got}`,
  );
}
