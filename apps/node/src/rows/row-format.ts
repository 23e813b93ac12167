import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SchemaElement } from 'hyparquet';

/** A file that rows are written to, one after the other. */
export interface RowFormat<Row> {
  readonly extension: '.jsonl' | '.parquet';
  readonly write: (path: string, rows: AsyncIterable<Row>) => Promise<void>;
}

/** What each row says of its picture, where pictures come from archives. */
export interface DescribedRow {
  readonly file: string;
  readonly key?: string | undefined;
  readonly target?: number | string | undefined;
}

/** A line of JSON for each row. */
export function jsonLines<Row>(toJson: (row: Row) => object): RowFormat<Row> {
  return {
    extension: '.jsonl',
    async write(path, rows) {
      const lines = async function* (): AsyncGenerator<string> {
        for await (const row of rows) yield `${JSON.stringify(toJson(row))}\n`;
      };
      await pipeline(Readable.from(lines()), createWriteStream(path));
    },
  };
}

/** The columns of a row group are in memory at once. */
const ROW_GROUP_ROWS = 1000;

/**
 * Parquet with `file`, where `isDescribed` is set `key` and `target` too (text, or null), and a column for each of `lists`.
 */
export function parquetLists<Row extends DescribedRow>({
  isDescribed,
  lists,
}: {
  readonly isDescribed: boolean;
  readonly lists: readonly ParquetList<Row>[];
}): RowFormat<Row> {
  const toRow = (row: Row): Record<string, unknown> => ({
    file: row.file,
    ...(isDescribed && { key: row.key ?? null, target: row.target === undefined ? null : String(row.target) }),
    ...Object.fromEntries(lists.map(({ name, values }) => [name, values(row)])),
  });
  return {
    extension: '.parquet',
    async write(path, rows) {
      const { fileWriter, parquetWriteRows } = await import('hyparquet-writer');
      const plain = async function* (): AsyncGenerator<Record<string, unknown>> {
        for await (const row of rows) yield toRow(row);
      };
      const described = isDescribed ? ['key', 'target'] : [];
      await parquetWriteRows({
        writer: fileWriter(path),
        rows: plain(),
        columns: [
          ...['file', ...described].map((name) => ({ name })),
          ...lists.map(({ name }) => ({ name, encoding: 'PLAIN' as const, statistics: false })),
        ],
        schema: [
          { name: 'root', num_children: 1 + described.length + lists.length },
          { name: 'file', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
          ...described.map(
            (name): SchemaElement => ({
              name,
              type: 'BYTE_ARRAY',
              converted_type: 'UTF8',
              repetition_type: 'OPTIONAL',
            }),
          ),
          ...lists.flatMap(schemaOf),
        ],
        codec: 'UNCOMPRESSED',
        rowGroupSize: ROW_GROUP_ROWS,
      });
    },
  };
}

/** A column of lists. */
export interface ParquetList<Row> {
  readonly name: string;
  readonly type: 'FLOAT' | 'DOUBLE' | 'INT32' | 'STRING';
  readonly values: (row: Row) => readonly unknown[];
}

function schemaOf<Row>({ name, type }: ParquetList<Row>): SchemaElement[] {
  const element: Partial<SchemaElement> = type === 'STRING' ? { type: 'BYTE_ARRAY', converted_type: 'UTF8' } : { type };
  return [
    { name, converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...element },
  ];
}

/** Nine digits tell every float32 from its neighbours. */
export function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

/** What archives say of a picture, as far as they do. */
export function description({ key, target }: Omit<DescribedRow, 'file'>): Omit<DescribedRow, 'file'> {
  return { ...(key !== undefined && { key }), ...(target !== undefined && { target }) };
}
