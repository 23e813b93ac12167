import type { ByteSource } from './byte-source.ts';
import { corruptFile } from './corrupt-file.ts';

/** @throws WeightsFormatError (`corrupt`) where the CRC-32 of a part of the file, at `offset`, is not the stated one. */
export function checkCrc32(
  source: ByteSource,
  name: string,
  crc32: { readonly got: number; readonly expected: number },
  offset: number,
): void {
  const { got, expected } = crc32;
  if (got === expected) return;
  throw corruptFile(source, `${name}: expected the checksum ${hex(expected)}, got ${hex(got)}`, { offset });
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
