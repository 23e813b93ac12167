import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lockFolder } from '../lock-folder.ts';
import { type DescribedRow, description } from '../rows/row-format.ts';
import { UsageError } from '../usage-error.ts';
import { readFloatRows } from './float-rows.ts';

/** What embeddings are made with: those of another network cannot be told from them, so none are mixed. */
export interface EmbeddingSettings {
  readonly model: string;
  readonly weights: string;
  readonly preset: object;
  /** Numbers in an embedding. */
  readonly length: number;
}

/** A picture that was worked through: embedded, or not to be used. */
export interface JournalEntry extends DescribedRow {
  readonly problem?: string;
}

/** A picture and its embedding. */
export interface EmbeddingRow extends DescribedRow {
  readonly embedding: Float32Array;
}

const FLOAT_BYTES = 4;

/**
 * Embeddings on their way into a file: a folder beside it, `FILE.partial`, that grows picture by picture and that the next
 * start goes on from, whatever ended this one. One process is at work on it at a time.
 */
export class EmbeddingJournal {
  readonly folder: string;
  /** How often an earlier start worked through each picture, those that could not be used too. */
  readonly done: ReadonlyMap<string, number>;
  readonly #length: number;
  readonly #rows: FileHandle;
  readonly #entries: FileHandle;
  readonly #release: () => Promise<void>;
  #embedded: number;
  #failed: number;

  private constructor(
    folder: string,
    length: number,
    earlier: { done: Map<string, number>; embedded: number; failed: number },
    files: { rows: FileHandle; entries: FileHandle; release: () => Promise<void> },
  ) {
    this.folder = folder;
    this.done = earlier.done;
    this.#length = length;
    this.#embedded = earlier.embedded;
    this.#failed = earlier.failed;
    this.#rows = files.rows;
    this.#entries = files.entries;
    this.#release = files.release;
  }

  /** Begins, or goes on. @throws UsageError where the earlier start was with other settings, or another process is at it. */
  static async open(
    folder: string,
    settings: EmbeddingSettings,
    { patienceMs }: { readonly patienceMs?: number } = {},
  ): Promise<EmbeddingJournal> {
    await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new UsageError(`${folder}: expected a folder that can be made, got ${cause.code}; name another --out`);
    });
    // Rows of two processes in one file would be told to belong to each other's pictures.
    const release = await lockFolder(join(folder, 'lock'), 'name another --out, of each shard its own', patienceMs);
    try {
      await keepSettings(folder, settings);
      const [rowsPath, entriesPath] = [join(folder, 'embeddings.f32'), join(folder, 'files.jsonl')];
      const earlier = await readEarlier(rowsPath, entriesPath, settings.length * FLOAT_BYTES);
      const [rows, entries] = await Promise.all([open(rowsPath, 'a'), open(entriesPath, 'a')]);
      return new EmbeddingJournal(folder, settings.length, earlier, { rows, entries, release });
    } catch (error) {
      await release();
      throw error;
    }
  }

  get embedded(): number {
    return this.#embedded;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Rows first: of an entry that is there, the embedding is too. */
  async append(results: readonly (EmbeddingRow | (JournalEntry & { readonly problem: string }))[]): Promise<void> {
    const embeddings = results.flatMap((result) => ('embedding' in result ? [bytesOf(result.embedding)] : []));
    await this.#rows.appendFile(Buffer.concat(embeddings));
    const lines = results.map((result) =>
      JSON.stringify({
        file: result.file,
        ...description(result),
        ...('problem' in result && { problem: result.problem }),
      }),
    );
    await this.#entries.appendFile(`${lines.join('\n')}\n`);
    this.#embedded += embeddings.length;
    this.#failed += results.length - embeddings.length;
  }

  /** What has been embedded, in order, read piece by piece. */
  async *read(): AsyncGenerator<EmbeddingRow, void, undefined> {
    const file = await open(join(this.folder, 'embeddings.f32'));
    try {
      const rows = readFloatRows(file, { start: 0, count: this.#embedded, length: this.#length });
      for await (const entry of entriesOf(join(this.folder, 'files.jsonl'))) {
        if (entry.problem === undefined)
          yield { file: entry.file, ...description(entry), embedding: (await rows.next()).value! };
      }
    } finally {
      await file.close();
    }
  }

  /** Lets the folder lie, for the next start. */
  async close(): Promise<void> {
    await Promise.all([this.#rows.close(), this.#entries.close()]);
    await this.#release();
  }

  /** Removes the folder: its embeddings are elsewhere. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

async function keepSettings(folder: string, settings: EmbeddingSettings): Promise<void> {
  const path = join(folder, 'settings.json');
  const text = JSON.stringify(settings);
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known === undefined) {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  } else if (known !== text) {
    const problem = `expected the settings that it was begun with, ${known}, got ${text}`;
    throw new UsageError(`${folder}: ${problem}; go on with those, or remove the folder`);
  }
}

/** What is whole of an earlier start; what is not is cut off. */
async function readEarlier(
  rowsPath: string,
  entriesPath: string,
  width: number,
): Promise<{ done: Map<string, number>; embedded: number; failed: number }> {
  const available = Math.floor((await sizeOf(rowsPath)) / width);
  const done = new Map<string, number>();
  let embedded = 0;
  let failed = 0;
  let wholeBytes = 0;
  if ((await sizeOf(entriesPath)) > 0) {
    for await (const { file, problem, endBytes } of entriesOf(entriesPath)) {
      if (problem === undefined && embedded === available) break;
      if (problem === undefined) embedded += 1;
      else failed += 1;
      done.set(file, (done.get(file) ?? 0) + 1);
      wholeBytes = endBytes;
    }
    await truncate(entriesPath, wholeBytes);
  }
  if (available > 0) await truncate(rowsPath, embedded * width);
  return { done, embedded, failed };
}

/** 0 where there is no file. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Entries by line, up to the first that is not whole. */
async function* entriesOf(path: string): AsyncGenerator<JournalEntry & { readonly endBytes: number }, void, undefined> {
  let endBytes = 0;
  const { size } = await stat(path);
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    endBytes += Buffer.byteLength(line) + 1;
    if (endBytes > size) return;
    const entry = parseEntry(line);
    if (!entry) return;
    yield { ...entry, endBytes };
  }
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return undefined;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
