import { type ByteSource, readExactly } from './byte-source.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import type { WeightsFormat } from './weights-index.ts';

/**
 * Tells the container by the file's first bytes, never by its name.
 *
 * @throws WeightsFormatError for an empty file, and for others with what they seem to be.
 */
export async function detectFormat(source: ByteSource): Promise<WeightsFormat> {
  if (source.sizeBytes === 0) {
    throw new WeightsFormatError('empty', source.name, 'expected weights, got an empty file; fetch it again');
  }
  const start = await readExactly(source, 0, Math.min(source.sizeBytes, 512), 'first bytes');
  // First, since a header's length can begin with another format's magic.
  if (start[8] === 0x7b) return 'safetensors';
  if (startsWith(start, 0, 'PK\x03\x04')) return 'pytorch-zip';
  if (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5) return 'pytorch-legacy';
  if (startsWith(start, 257, 'ustar')) return 'pytorch-tar';
  const found = knownKinds().find(([offset, magic]) => startsWith(start, offset, magic))?.[2];
  const bytes = [...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = `expected safetensors or a file of torch.save, got ${found ?? `something else (it begins with ${bytes}); check the file`}`;
  throw new WeightsFormatError('not-weights', source.name, text, { offset: 0 });
}

function knownKinds(): [offset: number, magic: string, what: string][] {
  return [
    [0, '\x1f\x8b', 'a gzip file; unpack it first'],
    [0, '\x89HDF', 'an HDF5 file of Keras; convert it to safetensors first'],
    [0, 'version https://git-lfs', 'a Git LFS pointer; fetch the file itself with git lfs pull'],
    [0, '<', 'a web page; check the download address'],
    [0, '{', 'JSON text; check the file'],
    [0, '\x93NUMPY', 'a NumPy array; write a state dict as safetensors instead'],
  ];
}

function startsWith(bytes: Uint8Array, offset: number, magic: string): boolean {
  return [...magic].every((char, i) => bytes[offset + i] === char.charCodeAt(0));
}
