import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { MOST_PICTURE_BYTES } from '@residual/classifier';
import { decompress } from 'fzstd';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
  snappyUncompress,
} from 'hyparquet';
import type { Sample } from './sample.ts';
import { UnreadableError } from './unreadable-error.ts';

/** Which columns have the pictures, and their classes. */
interface Columns {
  readonly image: string;
  readonly target?: string;
}

/**
 * Pictures of a Parquet file as Hugging Face's data sets have them: a column `image: struct<bytes, path>`, or of plain bytes,
 * and a column `label`. One row group is in memory at a time.
 *
 * @param skip so many of the first rows are left out.
 * @throws UnreadableError for what is no such file; what the source throws.
 * @see https://huggingface.co/docs/datasets/image_dataset
 */
export async function* parquetSamples(
  file: AsyncBuffer,
  { skip }: { readonly skip: number },
): AsyncGenerator<Sample, void, undefined> {
  const failed: { reason?: unknown } = {};
  const slice: AsyncBuffer['slice'] = async (start, end) => {
    try {
      return await file.slice(start, end);
    } catch (reason) {
      failed.reason = reason;
      throw reason;
    }
  };
  try {
    yield* readSamples({ byteLength: file.byteLength, slice }, skip);
  } catch (cause) {
    if ('reason' in failed) throw failed.reason;
    if (UnreadableError.isInstance(cause) || !(cause instanceof Error)) throw cause;
    // The library has no errors of its own: in a damaged file it meets what is undefined, or out of range.
    const got = `one that cannot be read (${cause.message})`;
    throw new UnreadableError(`expected a whole Parquet file, got ${got}; make it anew`, { cause });
  }
}

async function* readSamples(file: AsyncBuffer, skip: number): AsyncGenerator<Sample, void, undefined> {
  const metadata = await parquetMetadataAsync(file);
  const { image, target } = columnsOf(metadata);
  const columns = target === undefined ? [image] : [image, target];
  let start = 0;
  for (const { num_rows } of metadata.row_groups) {
    const end = start + Number(num_rows);
    const rowStart = Math.max(start, skip);
    start = end;
    if (rowStart >= end) continue;
    const options = { file, metadata, columns, rowStart, rowEnd: end, utf8: false, compressors };
    const rows = await parquetReadObjects(options);
    for (const [index, row] of rows.entries())
      yield { name: String(rowStart + index), ...pictureOf(row[image]), ...targetOf(target && row[target]) };
  }
}

function pictureOf(value: unknown): Pick<Sample, 'bytes' | 'key' | 'problem'> {
  const { bytes, path } = value instanceof Uint8Array ? { bytes: value } : ((value ?? {}) as HuggingFaceImage);
  const key = typeof path === 'string' ? { key: path } : {};
  if (bytes instanceof Uint8Array) return { bytes, ...key };
  // A path alone is of the disk that the data set was made on.
  const got = typeof path === 'string' ? `only the path '${path}'` : 'none';
  return { problem: `expected a picture's bytes, got ${got}; embed the files when the data set is made`, ...key };
}

interface HuggingFaceImage {
  readonly bytes?: unknown;
  readonly path?: unknown;
}

function targetOf(value: unknown): Pick<Sample, 'target'> {
  if (typeof value === 'bigint') return { target: Number(value) };
  if (typeof value === 'number' || typeof value === 'string') return { target: value };
  return value instanceof Uint8Array ? { target: new TextDecoder().decode(value) } : {};
}

/** @throws UnreadableError where no column can hold pictures */
function columnsOf(metadata: FileMetaData): Columns {
  const { children } = parquetSchema(metadata);
  const holding = children.filter(holdsPictures);
  const image = holding.find(({ element }) => element.name === 'image') ?? holding[0];
  if (image === undefined) {
    const got = children.map(({ element }) => element.name).join(', ');
    throw new UnreadableError(
      `expected a column of pictures (image: struct<bytes, path>, or bytes), got ${got || 'none'}; rename or add it`,
    );
  }
  const target = children.find(({ element }) => element.name === 'label' || element.name === 'cls');
  return { image: image.element.name, ...(target && { target: target.element.name }) };
}

function holdsPictures({ element, children }: SchemaTree): boolean {
  if (children.length > 0) return children.some((child) => child.element.name === 'bytes' && isBytes(child));
  return isBytes({ element, children });
}

function isBytes({ element }: Pick<SchemaTree, 'element' | 'children'>): boolean {
  return element.type === 'BYTE_ARRAY' && element.converted_type === undefined && element.logical_type === undefined;
}

/** No page is larger than a picture may be, nor than its bytes can stand for. */
const compressors: Compressors = {
  SNAPPY: (input, sizeBytes) => {
    // Three bytes stand for 64 at most.
    const output = new Uint8Array(checked(sizeBytes, input.length * 22 + 64));
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, sizeBytes) => gunzipSync(input, { maxOutputLength: checked(sizeBytes, MOST_PICTURE_BYTES) + 1 }),
  BROTLI: (input, sizeBytes) =>
    brotliDecompressSync(input, { maxOutputLength: checked(sizeBytes, MOST_PICTURE_BYTES) + 1 }),
  ZSTD: (input, sizeBytes) => decompress(input, new Uint8Array(checked(sizeBytes, MOST_PICTURE_BYTES))),
};

function checked(sizeBytes: number, most: number): number {
  if (sizeBytes >= 0 && sizeBytes <= Math.min(most, MOST_PICTURE_BYTES)) return sizeBytes;
  throw new Error(`a page says that it has ${sizeBytes} bytes`);
}
