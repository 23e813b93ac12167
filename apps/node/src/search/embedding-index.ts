import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Index } from 'usearch';
import { NpyFile } from '../embed/npy-file.ts';
import { showProgress } from '../progress.ts';
import { UsageError } from '../usage-error.ts';
import type { Nearest } from './nearest.ts';

/** Rows that are added at once. */
const CHUNK_ROWS = 4096;
/** Of so many times the pictures that are wanted, and so many at least, the similarity is computed from the embeddings themselves. */
const CANDIDATES = 4;
const LEAST_CANDIDATES = 64;
/** Nodes that a search looks at, and an addition: more find more, and take longer. */
const EXPANSION_SEARCH = 128;
const EXPANSION_ADD = 128;

type Usearch = typeof import('usearch');

/**
 * Offers the rows of a `.npy` file that an index finds near the query; builds the index first, where there is none.
 *
 * @see https://arxiv.org/abs/1603.09320 (HNSW)
 * @throws UsageError for an index that is another file's or older than it, and where usearch is not installed.
 */
export async function offerByIndex(
  { npy, index: path, k }: { readonly npy: string; readonly index: string; readonly k: number },
  query: Float32Array,
  nearest: Nearest,
  signal: AbortSignal,
): Promise<void> {
  const usearch = await importUsearch();
  const file = await NpyFile.open(npy);
  try {
    file.checkLength(query.length);
    const index = await openIndex(usearch, file, path, signal);
    const most = Math.min(file.count, Math.max(LEAST_CANDIDATES, CANDIDATES * k));
    const rows = [...index.search(query, most, 0).keys].map(Number).sort((one, other) => one - other);
    const names = await file.names(new Set(rows));
    for (const row of rows) nearest.offer(names.get(row)!, await file.row(row));
  } finally {
    await file.close();
  }
}

async function openIndex(usearch: Usearch, file: NpyFile, path: string, signal: AbortSignal): Promise<Index> {
  const [made, embedded] = await Promise.all([stat(path).catch(() => undefined), stat(file.path)]);
  if (made === undefined) return buildIndex(usearch, file, path, signal);
  const again = 'remove it, and it is built again';
  if (made.mtimeMs < embedded.mtimeMs)
    throw new UsageError(`${path}: expected an index as new as ${file.path}; ${again}`);
  const index = emptyIndex(usearch, file.length);
  try {
    index.view(path);
  } catch (error) {
    const got = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new UsageError(`${path}: expected an index of usearch, got another file (${got}); ${again}`);
  }
  if (index.size() === file.count && index.dimensions() === file.length) return index;
  const got = `${index.size()} of ${index.dimensions()}`;
  const expected = `expected ${file.count} embeddings of ${file.length} numbers, as ${file.path} has`;
  throw new UsageError(`${path}: ${expected}, got ${got}; ${again}`);
}

/** Written under another name, then renamed: it is there whole, or not at all. */
async function buildIndex(usearch: Usearch, file: NpyFile, path: string, signal: AbortSignal): Promise<Index> {
  const index = emptyIndex(usearch, file.length);
  const progress = showProgress(file.count, 'embeddings', { printsLines: false });
  try {
    for (let first = 0; first < file.count; first += CHUNK_ROWS) {
      signal.throwIfAborted();
      const count = Math.min(CHUNK_ROWS, file.count - first);
      const keys = BigUint64Array.from({ length: count }, (_, row) => BigInt(first + row));
      index.add(keys, await file.rows(first, count), 0);
      progress.advance(count);
    }
  } finally {
    progress.stop();
  }
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    index.save(unfinished);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new UsageError(`${path}: expected a place for the index (${(error as Error).message}); name another`);
  }
  return index;
}

function emptyIndex({ Index, MetricKind, ScalarKind }: Usearch, dimensions: number): Index {
  return new Index({
    metric: MetricKind.Cos,
    quantization: ScalarKind.F16,
    dimensions,
    connectivity: 16,
    expansion_add: EXPANSION_ADD,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  });
}

async function importUsearch(): Promise<Usearch> {
  try {
    const { default: usearch } = await import('usearch');
    return usearch as unknown as Usearch;
  } catch (error) {
    const got = (error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 200);
    throw new UsageError(`--index: expected usearch beside the command (${got}); npm install usearch`);
  }
}
