import { type ByteSource, readExactly } from './byte-source.ts';
import { startsWith } from './starts-with.ts';
import { WeightsFormatError } from './weights-format-error.ts';

/** What a weights file begins as; what is in a zip or a pickle is told by its reader. */
export type Container = 'safetensors' | 'zip' | 'pickle' | 'tar' | 'hdf5' | 'npy';

/**
 * Tells the container by the file's first bytes, never by its name.
 *
 * @throws WeightsFormatError for an empty file, and for others with what they seem to be.
 */
export async function detectFormat(source: ByteSource): Promise<Container> {
  if (source.sizeBytes === 0) {
    throw new WeightsFormatError('empty', source.name, 'expected weights, got an empty file; fetch it again');
  }
  const start = await readExactly(source, 0, Math.min(source.sizeBytes, 512), 'first bytes');
  // First, since a header's length can begin with another format's magic.
  if (start[8] === 0x7b) return 'safetensors';
  if (startsWith(start, 0, 'PK\x03\x04')) return 'zip';
  if (startsWith(start, 0, '\x89HDF\r\n\x1a\n')) return 'hdf5';
  if (startsWith(start, 0, '\x93NUMPY')) return 'npy';
  if (isPickle(start)) return 'pickle';
  if (startsWith(start, 257, 'ustar')) return 'tar';
  const { describeOther } = await import('./describe-other.ts');
  const text = `expected weights, got ${describeOther(source, start)}`;
  throw new WeightsFormatError('not-weights', source.name, text, { offset: 0 });
}

/** Protocol 2 and later say so; before, a pickle begins with what it makes: a dict, a list, an object. */
function isPickle(start: Uint8Array): boolean {
  if (start[0] === 0x80) return start[1]! >= 2 && start[1]! <= 5;
  const begins = [
    '(dp',
    '(lp',
    '(d.',
    '(l.',
    '}q',
    ']q',
    '(ccollections\n',
    'ccollections\n',
    'ccopy_reg\n',
    'ccopyreg\n',
  ];
  return begins.some((begin) => startsWith(start, 0, begin));
}
