import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from './data-error.ts';
import type { LabelledImages } from './labelled-images.ts';

const EDGE_PX = 32;
const PLANE_BYTES = EDGE_PX * EDGE_PX;
/** A label, and a plane each of red, green and blue. */
const RECORD_BYTES = 1 + 3 * PLANE_BYTES;
const NUM_CLASSES = 10;

/** The 10,000 test pictures in a folder of CIFAR-10's binary version. @throws DataError */
export function readCifar10Test(folder: string): Promise<LabelledImages> {
  return readCifar10Batch(join(folder, 'test_batch.bin'));
}

/**
 * One file of CIFAR-10's binary version.
 *
 * @throws DataError for a file that is absent, not of whole records, or has a label above 9.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"
 */
export async function readCifar10Batch(path: string): Promise<LabelledImages> {
  const bytes: Uint8Array = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const got = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? 'none' : (cause.code ?? cause.message);
    const next = 'unpack cifar-10-binary.tar.gz, and name the folder with the .bin files';
    throw new DataError(path, `expected a file of CIFAR-10's binary version, got ${got}; ${next}`, cause);
  });
  if (bytes.length === 0 || bytes.length % RECORD_BYTES !== 0) {
    const expected = `expected whole records of ${RECORD_BYTES} bytes, got ${bytes.length} bytes`;
    throw new DataError(path, `${expected}; get the binary version of CIFAR-10 again`);
  }
  const count = bytes.length / RECORD_BYTES;
  for (let i = 0; i < count; i++) {
    const label = bytes[i * RECORD_BYTES]!;
    if (label < NUM_CLASSES) continue;
    throw new DataError(path, `expected labels from 0 to ${NUM_CLASSES - 1}, got ${label} in record ${i}`);
  }
  return {
    count,
    read: async (start, end, prepare) =>
      Array.from({ length: end - start }, (_, i) => {
        const offset = (start + i) * RECORD_BYTES;
        const data = interleave(bytes.subarray(offset + 1, offset + RECORD_BYTES));
        return { label: bytes[offset]!, input: prepare({ width: EDGE_PX, height: EDGE_PX, channels: 3, data }) };
      }),
  };
}

function interleave(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * PLANE_BYTES);
  for (let i = 0; i < PLANE_BYTES; i++)
    for (let channel = 0; channel < 3; channel++) pixels[3 * i + channel] = planes[channel * PLANE_BYTES + i]!;
  return pixels;
}
