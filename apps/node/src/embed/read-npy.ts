import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UsageError } from '../usage-error.ts';
import type { EmbeddingRow } from './embedding-journal.ts';
import { readFloatRows } from './float-rows.ts';

/** Where the names of a `.npy` file's rows are. */
export function namesOf(path: string): string {
  return path.replace(/\.npy$/i, '.files.jsonl');
}

/** Embeddings of `residual embed`, read piece by piece. @throws UsageError for files that are none. */
export async function* readNpy(path: string): AsyncGenerator<EmbeddingRow, void, undefined> {
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
    const rows = readFloatRows(handle, { start: 10 + header.length, count, length });
    let at = 0;
    for await (const file of namesIn(namesOf(path))) {
      if (at === count) break;
      yield { file, embedding: (await rows.next()).value! };
      at += 1;
    }
    if (at !== count) throw notEmbeddings(path, `${at} names in ${namesOf(path)} for ${count} rows`);
  } finally {
    await handle.close();
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
