import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../usage-error.ts';
import type { EmbeddingRow } from './embedding-journal.ts';
import { namesOf } from './read-npy.ts';

/** What is known of embeddings before they are written. */
export interface EmbeddingTable {
  readonly rows: AsyncIterable<EmbeddingRow>;
  readonly count: number;
  /** Numbers in an embedding. */
  readonly length: number;
}

/** A file that embeddings are written to, row by row. */
export interface EmbeddingFormat {
  /** The files that are written, `out` among them. */
  readonly files: (out: string) => readonly string[];
  /** @param paths one for each of `files`. */
  readonly write: (paths: readonly string[], table: EmbeddingTable) => Promise<void>;
}

/** Each by its files' extension. */
const formats: Readonly<Record<string, EmbeddingFormat>> = {
  '.jsonl': { files: (out) => [out], write: ([path], table) => writeText(path!, table.rows, toLine) },
  '.npy': { files: (out) => [out, namesOf(out)], write: writeNpy },
  '.parquet': { files: (out) => [out], write: ([path], table) => writeParquet(path!, table) },
};

/** The format that a file's name says. @throws UsageError for another. */
export function formatOf(out: string): EmbeddingFormat {
  const format = formats[extname(out).toLowerCase()];
  if (format) return format;
  throw new UsageError(`--out: expected a file called *${Object.keys(formats).join(', *')}, got '${out}'`);
}

function toLine({ file, embedding }: EmbeddingRow): string {
  return `${JSON.stringify({ file, embedding: Array.from(embedding, shortest) })}\n`;
}

/** Nine digits tell every float32 from its neighbours. */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

async function writeText(
  path: string,
  rows: AsyncIterable<EmbeddingRow>,
  toText: (row: EmbeddingRow) => string,
): Promise<void> {
  const texts = async function* (): AsyncGenerator<string> {
    for await (const row of rows) yield toText(row);
  };
  await pipeline(Readable.from(texts()), createWriteStream(path));
}

/** `[count, length] float32`, and the files' names line by line. @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
async function writeNpy([path, namesPath]: readonly string[], { rows, count, length }: EmbeddingTable): Promise<void> {
  const names = await open(namesPath!, 'w');
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    yield npyHeader(count, length);
    for await (const { file, embedding } of rows) {
      await names.appendFile(`${JSON.stringify({ file })}\n`);
      yield new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength);
    }
  };
  try {
    await pipeline(Readable.from(bytes()), createWriteStream(path!));
  } finally {
    await names.close();
  }
}

/** Version 1.0: magic, the header's length, and the header, which ends at a multiple of 64. */
function npyHeader(count: number, length: number): Uint8Array {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${length}), }`;
  const size = Math.ceil((10 + description.length + 1) / 64) * 64;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${description.padEnd(size - 11)}\n`, 'latin1');
  header.writeUInt16LE(size - 10, 8);
  return header;
}

/** Columns `file` and `embedding`, a list of floats; row groups are small, so that little is in memory. */
async function writeParquet(path: string, { rows }: EmbeddingTable): Promise<void> {
  const { fileWriter, parquetWriteRows } = await import('hyparquet-writer');
  await parquetWriteRows({
    writer: fileWriter(path),
    rows: plain(rows),
    columns: [{ name: 'file' }, { name: 'embedding', encoding: 'PLAIN', statistics: false }],
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'file', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'embedding', converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED',
    rowGroupSize: 1000,
  });
}

/** As the library takes lists. */
async function* plain(rows: AsyncIterable<EmbeddingRow>): AsyncGenerator<{ file: string; embedding: number[] }> {
  for await (const { file, embedding } of rows) yield { file, embedding: Array.from(embedding) };
}
