import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UsageError } from '../usage-error.ts';
import type { EmbeddingRow } from './embedding-journal.ts';
import { readFloatRows } from './float-rows.ts';

/** Where the names of a `.npy` file's rows are. */
export function namesOf(path: string): string {
  return path.replace(/\.npy$/i, '.files.jsonl');
}

/** A file of embeddings that is open: `[count, length] float32`, and the names of its rows beside it. */
export class NpyFile {
  readonly path: string;
  readonly count: number;
  /** Numbers of an embedding. */
  readonly length: number;
  readonly #handle: FileHandle;
  readonly #start: number;

  private constructor(path: string, handle: FileHandle, size: { start: number; count: number; length: number }) {
    this.path = path;
    this.count = size.count;
    this.length = size.length;
    this.#handle = handle;
    this.#start = size.start;
  }

  /** @throws UsageError for a file that is none of `residual embed`'s. */
  static async open(path: string): Promise<NpyFile> {
    const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
      throw notEmbeddings(path, cause.code ?? cause.message);
    });
    try {
      const start = Buffer.alloc(10);
      await handle.read(start, 0, 10, 0);
      const header = Buffer.alloc(start.readUInt16LE(8));
      await handle.read(header, 0, header.length, 10);
      const found = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(header.toString('latin1'));
      if (start.toString('latin1', 1, 6) !== 'NUMPY' || !found) throw notEmbeddings(path, 'something else');
      const [count, length] = [Number(found[1]), Number(found[2])];
      const { size } = await handle.stat();
      const sizeBytes = 10 + header.length + count * length * 4;
      if (size !== sizeBytes) throw notEmbeddings(path, `${size} bytes where its header says ${sizeBytes}`);
      return new NpyFile(path, handle, { start: 10 + header.length, count, length });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws UsageError where the embeddings are of another length than the model's. */
  checkLength(expected: number): void {
    if (this.length === expected || this.count === 0) return;
    const counts = `expected embeddings of the model's ${expected} numbers, got ${this.length}`;
    throw new UsageError(`${this.path}: ${counts}; name the model that made them`);
  }

  /** Every row with its name, read piece by piece. @throws UsageError where the names are not as many */
  async *named(): AsyncGenerator<EmbeddingRow, void, undefined> {
    const rows = readFloatRows(this.#handle, { start: this.#start, count: this.count, length: this.length });
    let at = 0;
    for await (const file of namesIn(namesOf(this.path))) {
      if (at === this.count) break;
      yield { file, embedding: (await rows.next()).value! };
      at += 1;
    }
    this.#checkNames(at);
  }

  /** The names of some rows. @throws as `named` */
  async names(rows: ReadonlySet<number>): Promise<ReadonlyMap<number, string>> {
    const names = new Map<number, string>();
    let at = 0;
    for await (const file of namesIn(namesOf(this.path))) {
      if (rows.has(at)) names.set(at, file);
      at += 1;
      if (names.size === rows.size) return names;
    }
    this.#checkNames(at);
    return names;
  }

  /** Rows one behind the other, `[count, length] float32`. */
  async rows(first: number, count: number): Promise<Float32Array> {
    const values = new Float32Array(count * this.length);
    await this.#handle.read(new Uint8Array(values.buffer), 0, values.byteLength, this.#start + first * this.length * 4);
    return values;
  }

  row(index: number): Promise<Float32Array> {
    return this.rows(index, 1);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #checkNames(count: number): void {
    if (count < this.count)
      throw notEmbeddings(this.path, `${count} names in ${namesOf(this.path)} for ${this.count} rows`);
  }
}

async function* namesIn(path: string): AsyncGenerator<string, void, undefined> {
  const input = createReadStream(path);
  await new Promise((resolve, reject) => input.once('open', resolve).once('error', reject)).catch(
    (cause: NodeJS.ErrnoException) => {
      throw notEmbeddings(path, cause.code ?? cause.message);
    },
  );
  for await (const line of createInterface({ input })) yield nameIn(line, path);
}

function nameIn(line: string, path: string): string {
  try {
    const { file } = JSON.parse(line) as { file?: unknown };
    if (typeof file === 'string') return file;
  } catch {
    // No JSON: said below.
  }
  throw notEmbeddings(path, 'a line without a name');
}

function notEmbeddings(path: string, got: string): UsageError {
  return new UsageError(
    `${path}: expected embeddings that residual embed has written, got ${got}; residual embed FOLDER --out FILE.npy makes some`,
  );
}
