import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { description, jsonLines, parquetLists, type RowFormat, shortest } from '../rows/row-format.ts';
import { UsageError } from '../usage-error.ts';
import type { EmbeddingRow } from './embedding-journal.ts';
import { namesOf } from './npy-file.ts';

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

/** Rows by their files' names: `file`, what an archive says of it, and `embedding`, a list of floats. */
export function embeddingRows(isDescribed: boolean): readonly RowFormat<EmbeddingRow>[] {
  return [
    jsonLines(({ file, embedding, ...rest }) => ({
      file,
      ...description(rest),
      embedding: Array.from(embedding, shortest),
    })),
    parquetLists({
      isDescribed,
      lists: [{ name: 'embedding', type: 'FLOAT', values: ({ embedding }) => Array.from(embedding) }],
    }),
  ];
}

/** The format that a file's name says. @throws UsageError for another. */
export function formatOf(out: string, isDescribed: boolean): EmbeddingFormat {
  const extension = extname(out).toLowerCase();
  if (extension === '.npy') return { files: (name) => [name, namesOf(name)], write: writeNpy };
  const rows = embeddingRows(isDescribed).find((format) => format.extension === extension);
  if (rows) return { files: (name) => [name], write: ([path], table) => rows.write(path!, table.rows) };
  throw new UsageError(
    `--out: expected a file called *.jsonl, *.npy, *.parquet, or FOLDER/ for parts, got '${out}'; name one so`,
  );
}

/** `[count, length] float32`, and the files' names line by line. @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
async function writeNpy([path, namesPath]: readonly string[], { rows, count, length }: EmbeddingTable): Promise<void> {
  const names = await open(namesPath!, 'w');
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    yield npyHeader(count, length);
    for await (const { file, embedding, ...rest } of rows) {
      await names.appendFile(`${JSON.stringify({ file, ...description(rest) })}\n`);
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
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${length}), }`;
  const size = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${dictionary.padEnd(size - 11)}\n`, 'latin1');
  header.writeUInt16LE(size - 10, 8);
  return header;
}
