import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { exitCode } from '../exit-code.ts';
import type { FoundImage } from '../find-images.ts';
import { countOf, type LocatedImage, type Place, picturesOf } from '../pictures-of.ts';
import { showProgress } from '../progress.ts';
import type { RowFormat } from '../rows/row-format.ts';
import type { Shard } from '../shard.ts';
import { say } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import { openPartStore, type PartStore } from './part-store.ts';
import { nextAfter, type PartEntry, parseRecord, type ShardRecord, serialize } from './shard-record.ts';

/** What became of a picture. */
export type Outcome<Row> = { readonly next: Place } & ({ readonly row: Row } | { readonly problem: string });

/** A shard of a run, whose rows are written in parts. */
export interface PartsJob<Row> {
  /** The folder, or the start of objects' names. */
  readonly out: string;
  readonly format: RowFormat<Row>;
  /** Pictures of a part. */
  readonly partSize: number;
  readonly shard: Shard;
  readonly inputs: readonly FoundImage[];
  /** What else the rows depend on. */
  readonly settings: object;
  readonly force: boolean;
  /** Rows of pictures, in their order. */
  readonly compute: (pictures: AsyncIterable<LocatedImage>) => AsyncIterable<Outcome<Row>>;
}

/**
 * Computes the parts of a shard that are not there, each of which appears when it is whole, and says what there is. A shard is
 * every Nth input; its parts are so many of its pictures, one after the other. Gives the exit code.
 *
 * @throws UsageError where the place has parts of other settings or of another number of shards; StorageError; the signal's reason.
 */
export async function writeParts<Row>(job: PartsJob<Row>, signal: AbortSignal): Promise<number> {
  const names = new Names(job.shard, job.format.extension);
  const store = await openPartStore(job.out, names.lock, signal);
  try {
    const settings = { ...job.settings, partSize: job.partSize, inputs: digest(job.inputs) };
    const record = await readEarlier(store, names, settings, job.force);
    const startMs = performance.now();
    const written = new ShardWriter(store, names, record);
    if (!record.isComplete) await written.writeRest(job, signal);
    return conclude(store.called(''), names, written.record, {
      earlier: record,
      elapsedMs: performance.now() - startMs,
    });
  } finally {
    await store.close();
  }
}

/** What a shard's files are called: in the order of their names they are in the order of its pictures. */
class Names {
  readonly record: string;
  readonly lock: string;
  readonly shard: string;
  readonly #count: string;
  readonly #extension: string;

  constructor({ index, count }: Shard, extension: string) {
    this.#count = padded(count);
    this.shard = `${padded(index)}-of-${this.#count}`;
    // Readers of folders of Parquet pass over what begins so.
    this.record = `_shard-${this.shard}.json`;
    this.lock = `_shard-${this.shard}.lock`;
    this.#extension = extension;
  }

  part(number: number): string {
    return `part-${this.shard}-${padded(number)}${this.#extension}`;
  }

  isOwn(name: string): boolean {
    return name.startsWith(`part-${this.shard}-`);
  }

  /** Whether a file is of a run of another number of shards, or in another format. */
  isOthers(name: string): boolean {
    const [, count, extension] = /^part-\d+-of-(\d+)-\d+(\.\w+)$/.exec(name) ?? [];
    return count !== undefined && (count !== this.#count || extension !== this.#extension);
  }
}

function padded(number: number): string {
  return String(number).padStart(5, '0');
}

/** What is there of an earlier start; the last part may be recorded and not be there. */
async function readEarlier(store: PartStore, names: Names, settings: object, force: boolean): Promise<ShardRecord> {
  const nothing: ShardRecord = { settings, parts: [], isComplete: false };
  const there = await store.list();
  const others = [...there].find((name) => names.isOthers(name));
  if (others !== undefined) {
    const problem = `expected parts of the same number of shards and of one format, got ${others}`;
    throw new UsageError(`${store.called('')}: ${problem}; name another --out`);
  }
  if (force) {
    await store.writeText(names.record, serialize(nothing));
    for (const name of there) if (names.isOwn(name)) await store.remove(name);
    return nothing;
  }
  const text = await store.readText(names.record);
  const earlier = text === undefined ? nothing : parseRecord(store.called(names.record), text, settings);
  const foreign = [...there].find((name) => names.isOwn(name) && !earlier.parts.some((part) => part.name === name));
  if (foreign !== undefined)
    throw new UsageError(
      `${store.called(foreign)}: expected no part that this run has not written, got one; name another --out, or add --force`,
    );
  const missing = earlier.parts.findIndex(({ name }) => !there.has(name));
  return missing < 0 ? earlier : { ...earlier, parts: earlier.parts.slice(0, missing), isComplete: false };
}

class ShardWriter {
  record: ShardRecord;
  readonly #store: PartStore;
  readonly #names: Names;

  constructor(store: PartStore, names: Names, record: ShardRecord) {
    this.#store = store;
    this.#names = names;
    this.record = record;
  }

  async writeRest<Row>({ inputs, partSize, format, compute }: PartsJob<Row>, signal: AbortSignal): Promise<void> {
    const { parts } = this.record;
    const seen = parts.reduce((sum, { rows, problems }) => sum + rows + problems.length, 0);
    if (parts.length > 0)
      say(`${this.#store.called(this.#names.part(parts.length - 1))}: ${seen} pictures are done; going on`);
    const total = countOf(inputs);
    const progress = showProgress(total === undefined ? total : total - seen, 'pictures', {
      printsLines: false,
      logs: true,
    });
    const source = compute(picturesOf(inputs, signal, nextAfter(parts)))[Symbol.asyncIterator]();
    const part = { isLast: false };
    try {
      while (!part.isLast) {
        const name = this.#names.part(this.record.parts.length);
        const counted = { rows: 0, problems: [] as string[], next: nextAfter(this.record.parts) };
        const rows = async function* (): AsyncGenerator<Row> {
          while (counted.rows + counted.problems.length < partSize) {
            const { done, value } = await source.next();
            if (done) {
              part.isLast = true;
              return;
            }
            progress.advance(1);
            counted.next = value.next;
            if ('row' in value) {
              counted.rows += 1;
              yield value.row;
            } else {
              counted.problems.push(value.problem);
              progress.say(`residual: ${value.problem}`);
            }
          }
        };
        await format.write(this.#store.scratch(name), rows());
        if (counted.rows + counted.problems.length > 0) await this.#commit({ name, ...counted });
        else await rm(this.#store.scratch(name));
      }
      this.record = { ...this.record, isComplete: true };
      await this.#store.writeText(this.#names.record, serialize(this.record));
    } finally {
      await source.return?.();
      progress.stop();
    }
  }

  /** Recorded first: a part that is there is never one that nobody knows of. */
  async #commit(entry: PartEntry): Promise<void> {
    this.record = { ...this.record, parts: [...this.record.parts, entry] };
    await this.#store.writeText(this.#names.record, serialize(this.record));
    await this.#store.publish(entry.name);
  }
}

function conclude(
  place: string,
  { shard }: Names,
  { parts }: ShardRecord,
  { earlier, elapsedMs }: { earlier: ShardRecord; elapsedMs: number },
): number {
  const [done, before] = [parts, earlier.parts].map(count) as [Counts, Counts];
  const bad = done.unusable > 0 ? `, ${done.unusable} not to be used` : '';
  const rate = ((done.rows + done.unusable - before.rows - before.unusable) / elapsedMs) * 1000;
  const how = earlier.isComplete ? 'all done before' : `${rate.toFixed(1)} per second`;
  const files = `${parts.length} ${parts.length === 1 ? 'part' : 'parts'}`;
  say(`${place}: shard ${shard}, ${files}, ${done.rows} pictures${bad}; ${how}`);
  if (done.unusable === 0) return exitCode.success;
  return done.rows > 0 ? exitCode.failure : exitCode.badInput;
}

interface Counts {
  readonly rows: number;
  readonly unusable: number;
}

function count(parts: readonly PartEntry[]): Counts {
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    unusable: parts.reduce((sum, { problems }) => sum + problems.length, 0),
  };
}

/** Tells one list of inputs from another. */
function digest(inputs: readonly FoundImage[]): { readonly count: number; readonly sha256: string } {
  const hash = createHash('sha256');
  for (const { file } of inputs) hash.update(JSON.stringify(file)).update('\n');
  return { count: inputs.length, sha256: hash.digest('hex') };
}
