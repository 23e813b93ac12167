import { WeightsFormatError } from './weights-format-error.ts';

/** Bytes at known positions: a buffer, a Blob, a file. */
export interface ByteSource {
  /** What errors call it: a path, a URL, a file name. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The bytes from `offset`, all inside the source; they may be a view of memory that others see too. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes in memory, which it never copies. */
export function sourceFromBytes(bytes: Uint8Array | ArrayBuffer, name = 'bytes'): ByteSource {
  const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  return {
    name,
    sizeBytes: view.byteLength,
    read: async (offset, length) => view.subarray(offset, offset + length),
  };
}

/** A source over a Blob or File (its name is the file's), read slice by slice. */
export function sourceFromBlob(blob: Blob, name: string = 'name' in blob ? String(blob.name) : 'blob'): ByteSource {
  return {
    name,
    sizeBytes: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/**
 * The bytes from `offset`, exactly `length` of them; nothing is allocated for a range that the source does not hold.
 *
 * @throws WeightsFormatError (`truncated`) where the source ends before.
 */
export async function readExactly(
  source: ByteSource,
  offset: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  checkRange(source, offset, length, what);
  const bytes = length === 0 ? new Uint8Array(0) : await source.read(offset, length);
  if (bytes.byteLength === length) return bytes;
  throw truncated(source, offset, length, bytes.byteLength, what);
}

/** @throws WeightsFormatError (`truncated`) where `length` bytes from `offset` are not inside the source. */
export function checkRange(source: ByteSource, offset: number, length: number, what: string): void {
  if (offset >= 0 && length >= 0 && offset + length <= source.sizeBytes) return;
  throw truncated(source, offset, length, Math.max(0, source.sizeBytes - offset), what);
}

function truncated(source: ByteSource, offset: number, length: number, got: number, what: string): WeightsFormatError {
  const text = `${what} at byte ${offset}: expected ${length} bytes, got ${got}; the file is cut off or corrupt, fetch it again`;
  return new WeightsFormatError('truncated', source.name, text, { offset });
}
