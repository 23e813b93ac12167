import { type ByteSource, readExactly } from '../byte-source.ts';
import type { FileBytes } from './pickle-values.ts';

/**
 * The bytes that a pickle holds, which may be written as a text of as many characters.
 *
 * @throws WeightsFormatError where the source ends before.
 */
export async function readPickledBytes(source: ByteSource, bytes: FileBytes | Uint8Array): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes;
  const stored = await readExactly(source, bytes.offset, bytes.sizeBytes, 'bytes in a pickle');
  return bytes.kind === 'latin1' ? narrowLatin1(stored) : stored;
}

/** UTF-8 of characters up to U+00FF, each as one byte; others lose their upper bits. */
function narrowLatin1(utf8: Uint8Array): Uint8Array {
  let length = 0;
  for (const byte of utf8) if ((byte & 0xc0) !== 0x80) length++;
  const bytes = new Uint8Array(length);
  let at = -1;
  for (const byte of utf8) {
    if ((byte & 0xc0) !== 0x80) bytes[++at] = byte < 0x80 ? byte : byte & 0x1f;
    else if (at >= 0) bytes[at] = (bytes[at]! << 6) | (byte & 0x3f);
  }
  return bytes;
}
