import { WeightsFormatError } from './weights-format-error.ts';

/** Deflate cannot pack tighter than 1032 to 1. */
const maxRatio = 1100;

/** Deflate alone, as in a zip, or with zlib's head and checksum, as in HDF5. */
export type DeflateFormat = 'deflate-raw' | 'deflate';

/**
 * Unpacks bytes into memory of exactly their stated size.
 *
 * @throws WeightsFormatError where the size is more than any packing allows, or the bytes unpack to another size.
 */
export async function inflate(
  source: string,
  name: string,
  packed: Uint8Array,
  sizeBytes: number,
  format: DeflateFormat = 'deflate-raw',
): Promise<Uint8Array> {
  if (sizeBytes > packed.byteLength * maxRatio) {
    throw corrupt(
      source,
      `${name}: expected at most ${maxRatio} bytes for each packed one, got ${sizeBytes} for ${packed.byteLength}`,
    );
  }
  const out = new Uint8Array(sizeBytes);
  let filled = 0;
  const reader = unpacked(packed, format).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (filled + part.value.byteLength > sizeBytes) {
        throw corrupt(source, `${name}: expected ${sizeBytes} bytes when unpacked, got more`);
      }
      out.set(part.value, filled);
      filled += part.value.byteLength;
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (WeightsFormatError.isInstance(error)) throw error;
    throw corrupt(source, `${name}: expected deflated bytes, got others`, error);
  }
  if (filled === sizeBytes) return out;
  throw corrupt(source, `${name}: expected ${sizeBytes} bytes when unpacked, got ${filled}`);
}

/** The first bytes that packed ones unpack to, which may be cut off: `length` of them, or as many as there are. */
export async function inflateStart(packed: Uint8Array, length: number): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let filled = 0;
  const reader = unpacked(packed, 'deflate-raw').getReader();
  try {
    while (filled < length) {
      const part = await reader.read();
      if (part.done) break;
      const wanted = part.value.subarray(0, length - filled);
      out.set(wanted, filled);
      filled += wanted.byteLength;
    }
  } catch {
    // Cut off, as it may be.
  }
  await reader.cancel().catch(() => undefined);
  return out.subarray(0, filled);
}

function unpacked(packed: Uint8Array, format: DeflateFormat): ReadableStream<Uint8Array> {
  return new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream(format));
}

function corrupt(source: string, text: string, cause?: unknown): WeightsFormatError {
  return new WeightsFormatError('corrupt', source, `${text}; the file is corrupt, fetch it again`, { cause });
}
