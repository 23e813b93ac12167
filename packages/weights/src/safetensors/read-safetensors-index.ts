import { type ByteSource, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { widenFloat8 } from '../derived-tensors.ts';
import { type DType, itemSize } from '../dtype.ts';
import type { Float8 } from '../float8.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import {
  contiguousStride,
  countElements,
  type FileRange,
  type TensorEntry,
  type WeightsIndex,
} from '../weights-index.ts';
import { findDuplicateKey } from './duplicate-key.ts';

const headerLimitBytes = 100_000_000;

/**
 * Reads and checks the header of a safetensors file.
 *
 * @throws WeightsFormatError where the header is not one, or its ranges overlap, leave holes or reach outside the file.
 * @see https://github.com/huggingface/safetensors#format
 */
export async function readSafetensorsIndex(source: ByteSource): Promise<WeightsIndex> {
  const prefix = await readExactly(source, 0, 8, 'header length');
  const headerBytes = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (headerBytes > headerLimitBytes) {
    const text = `header: expected at most ${headerLimitBytes} bytes, got a length of ${headerBytes}`;
    throw corruptFile(source, text, { offset: 0 });
  }
  const header = parseHeader(source, await readExactly(source, 8, headerBytes, 'header'));

  const dataStart = 8 + headerBytes;
  const tensors = new Map<string, TensorEntry>();
  const ranges: NamedRange[] = [];
  const narrow = new Set<string>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = checkMetadata(source, value);
    else {
      const { entry, range, dtypeName } = checkTensor(source, name, value, dataStart);
      tensors.set(name, entry);
      ranges.push(range);
      if (dtypeName.startsWith('F8_')) narrow.add(dtypeName);
    }
  }
  checkCoverage(source, ranges, dataStart);
  const notes = narrow.size === 0 ? [] : [`${[...narrow].join(', ')} tensors are widened to float32`];
  return { format: 'safetensors', stateDicts: [{ path: '', tensors }], facts: new Map(), metadata, notes };
}

function parseHeader(source: ByteSource, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
    const duplicate = findDuplicateKey(text);
    if (duplicate !== undefined) throw corruptFile(source, `header: expected each name once, got ${duplicate} twice`);
  } catch (error) {
    if (WeightsFormatError.isInstance(error)) throw error;
    throw corruptFile(source, `header: expected JSON, got something else (${(error as Error).message})`, {
      cause: error,
    });
  }
  if (isRecord(header)) return header;
  throw corruptFile(source, 'header: expected a JSON object');
}

function checkMetadata(source: ByteSource, value: unknown): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>;
  }
  throw corruptFile(source, '__metadata__: expected an object of strings');
}

interface NamedRange extends FileRange {
  readonly name: string;
}

interface CheckedTensor {
  readonly entry: TensorEntry;
  readonly range: NamedRange;
  readonly dtypeName: string;
}

function checkTensor(source: ByteSource, name: string, value: unknown, dataStart: number): CheckedTensor {
  if (!isRecord(value)) throw corruptFile(source, `${name}: expected an object with dtype, shape and data_offsets`);
  const { dtype: dtypeName, shape, data_offsets: range } = value;
  if (typeof dtypeName !== 'string') throw corruptFile(source, `${name}: expected a dtype, got ${show(dtypeName)}`);
  const float8 = float8Of(dtypeName);
  const dtype = float8 === undefined ? dtypeOf(dtypeName) : 'uint8';
  if (dtype === undefined) {
    const text = `${name}: expected a dtype of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8, BOOL, got ${show(dtypeName)}; save it as F32`;
    throw new WeightsFormatError('unsupported', source.name, text);
  }
  if (!isSizes(shape)) throw corruptFile(source, `${name}: expected a shape of whole numbers, got ${show(shape)}`);
  if (!isSizes(range) || range.length !== 2 || range[0]! > range[1]!) {
    throw corruptFile(source, `${name}: expected data_offsets [begin, end], got ${show(range)}`);
  }
  const [begin, end] = range as [number, number];
  const offset = dataStart + begin;
  if (dataStart + end > source.sizeBytes) {
    const text = `${name}: expected data inside the file's ${source.sizeBytes} bytes, got bytes ${offset} to ${dataStart + end}; the file is cut off or corrupt, fetch it again`;
    throw new WeightsFormatError('truncated', source.name, text, { offset });
  }
  const sizeBytes = countElements(shape) * itemSize(dtype);
  if (sizeBytes !== end - begin) {
    throw corruptFile(source, `${name}: expected ${sizeBytes} bytes for ${dtypeName} [${shape}], got ${end - begin}`);
  }
  const raw = { dtype, shape, stride: contiguousStride(shape), offset: 0, storage: { offset, sizeBytes } };
  const entry = float8 === undefined ? raw : widenFloat8(source, float8, raw);
  return { entry, range: { name, offset, sizeBytes }, dtypeName };
}

/** @throws WeightsFormatError where the tensors overlap, or do not fill the file to its end. */
function checkCoverage(source: ByteSource, ranges: readonly NamedRange[], dataStart: number): void {
  const byOffset = [...ranges].sort((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes);
  let end = dataStart;
  for (const { name, offset, sizeBytes } of byOffset) {
    if (offset < end) throw corruptFile(source, `${name}: its bytes overlap those of another tensor`);
    if (offset > end) throw corruptFile(source, `${name}: expected it at byte ${end}, got ${offset} (a hole)`);
    end += sizeBytes;
  }
  if (end === source.sizeBytes) return;
  throw corruptFile(
    source,
    `expected the file to end at byte ${end} with its last tensor, got ${source.sizeBytes} bytes`,
  );
}

function float8Of(name: string): Float8 | undefined {
  if (name === 'F8_E4M3') return 'float8_e4m3fn';
  return name === 'F8_E5M2' ? 'float8_e5m2' : undefined;
}

function dtypeOf(name: string): DType | undefined {
  const dtypes = new Map<string, DType>([
    ['F64', 'float64'],
    ['F32', 'float32'],
    ['F16', 'float16'],
    ['BF16', 'bfloat16'],
    ['I64', 'int64'],
    ['I32', 'int32'],
    ['I16', 'int16'],
    ['I8', 'int8'],
    ['U8', 'uint8'],
    ['BOOL', 'bool'],
  ]);
  return dtypes.get(name);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value from the file as short text of one line. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
