import { type ByteSource, readExactly } from './byte-source.ts';
import { checkCrc32 } from './check-crc32.ts';
import { corruptFile } from './corrupt-file.ts';
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
    const bytes = await storage.read(name);
    if (bytes.byteLength === storage.sizeBytes) return bytes;
    throw corruptFile(source, `${name}: expected ${storage.sizeBytes} bytes, got ${bytes.byteLength}`);
  }
  const bytes = await readExactly(source, storage.offset, storage.sizeBytes, name);
  if (storage.crc32 === undefined) return bytes;
  checkCrc32(source, name, { got: crc32(bytes), expected: storage.crc32 }, storage.offset);
  return bytes;
}
