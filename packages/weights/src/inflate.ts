import { type ByteSource, readExactly } from './byte-source.ts';
import { corruptFile } from './corrupt-file.ts';
import { WeightsFormatError } from './weights-format-error.ts';

/** Deflate cannot pack tighter than 1032 to 1. */
const maxRatio = 1100;
const partBytes = 64 * 1024;

/** Bytes of a source that unpack to others. */
export interface PackedRange {
  readonly offset: number;
  readonly packedBytes: number;
  /** What they unpack to, as the file states it. */
  readonly sizeBytes: number;
  /** Deflate alone, as in a zip, or with zlib's head and checksum, as in HDF5. */
  readonly format: 'deflate-raw' | 'deflate';
}

/**
 * Unpacks bytes into memory of exactly their stated size; `name` is what errors call them.
 *
 * @throws WeightsFormatError where the size is more than any packing allows, or the bytes unpack to another size.
 */
export async function inflate(source: ByteSource, name: string, range: PackedRange): Promise<Uint8Array> {
  const { sizeBytes } = range;
  checkRatio(source, name, range);
  const { bytes, isMore } = await inflateStart(source, name, range, sizeBytes);
  if (bytes.length === sizeBytes && !isMore) return bytes;
  const got = isMore ? 'more' : bytes.length;
  throw corruptFile(source, `${name}: expected ${sizeBytes} bytes when unpacked, got ${got}`);
}

/** @throws WeightsFormatError (`corrupt`) where the stated size is more than any packing allows. */
export function checkRatio(
  source: ByteSource,
  name: string,
  { packedBytes, sizeBytes }: Pick<PackedRange, 'packedBytes' | 'sizeBytes'>,
): void {
  if (sizeBytes <= packedBytes * maxRatio) return;
  const text = `${name}: expected at most ${maxRatio} bytes for each packed one, got ${sizeBytes} for ${packedBytes}`;
  throw corruptFile(source, text);
}

/**
 * The first bytes that packed ones unpack to: `length` of them, or as many as there are.
 *
 * @throws WeightsFormatError where they are not deflated, or end early.
 */
export async function inflateStart(
  source: ByteSource,
  name: string,
  range: PackedRange,
  length: number,
): Promise<{ bytes: Uint8Array; isMore: boolean }> {
  const out = new Uint8Array(length);
  let filled = 0;
  let isMore = false;
  const reader = unpacked(source, name, range).getReader();
  try {
    while (!isMore) {
      const part = await reader.read();
      if (part.done) break;
      const wanted = part.value.subarray(0, length - filled);
      out.set(wanted, filled);
      filled += wanted.byteLength;
      isMore = wanted.byteLength < part.value.byteLength;
    }
  } catch (error) {
    if (WeightsFormatError.isInstance(error)) throw error;
    throw corruptFile(source, `${name}: expected deflated bytes, got others`, { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return { bytes: out.subarray(0, filled), isMore };
}

/** Reads as it unpacks, so that the packed bytes are not held beside. */
function unpacked(source: ByteSource, name: string, range: PackedRange): ReadableStream<Uint8Array> {
  let at = range.offset;
  const end = range.offset + range.packedBytes;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const length = Math.min(partBytes, end - at);
      if (length === 0) return controller.close();
      controller.enqueue((await readExactly(source, at, length, name)) as Uint8Array<ArrayBuffer>);
      at += length;
    },
  });
  return packed.pipeThrough(decompressor(source, name, range.format));
}

/** Node has `deflate-raw` from 20.12 on, browsers all that have WebGPU. */
function decompressor(source: ByteSource, name: string, format: PackedRange['format']): DecompressionStream {
  try {
    return new DecompressionStream(format);
  } catch (cause) {
    const text = `${name}: expected a runtime that unpacks ${format}, got one that doesn't; take Node 20.12 or later`;
    throw new WeightsFormatError('unsupported', source.name, text, { cause });
  }
}
