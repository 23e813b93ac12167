import { type ByteSource, readExactly } from './byte-source.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import type { StorageRange } from './weights-index.ts';

/**
 * The bytes of a storage, which `name` lies in.
 *
 * @throws WeightsFormatError where the bytes end early or their checksum differs.
 */
export async function readStorage(
  source: ByteSource,
  storage: StorageRange,
  name: string,
  crc32: (bytes: Uint8Array) => number,
): Promise<Uint8Array> {
  if ('read' in storage) {
    const bytes = await storage.read();
    if (bytes.byteLength === storage.sizeBytes) return bytes;
    const text = `${name}: expected ${storage.sizeBytes} bytes, got ${bytes.byteLength}; the file is corrupt, fetch it again`;
    throw new WeightsFormatError('corrupt', source.name, text);
  }
  const bytes = await readExactly(source, storage.offset, storage.sizeBytes, name);
  if (storage.crc32 === undefined) return bytes;
  const got = crc32(bytes);
  if (got === storage.crc32) return bytes;
  const text = `${name}: expected the checksum ${hex(storage.crc32)}, got ${hex(got)}; the file is corrupt, fetch it again`;
  throw new WeightsFormatError('corrupt', source.name, text, { offset: storage.offset });
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
