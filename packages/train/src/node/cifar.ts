import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSet } from '../data-set.ts';
import { TrainError } from '../train-error.ts';
import { openDataSet } from './cifar-pixels.ts';

const PLANE_BYTES = 32 * 32;
const IMAGE_BYTES = 3 * PLANE_BYTES;

/** A file of the binary version. */
interface CifarFile {
  readonly name: string;
  readonly count: number;
  /** Where the official one is known. */
  readonly md5?: string;
}

interface CifarLayout {
  readonly title: string;
  /** Bytes before the pixels, the last of which is the label. */
  readonly labelBytes: number;
  readonly classes: readonly string[];
}

/**
 * CIFAR-10's 50,000 training or 10,000 test pictures, `[32, 32, 3]`, from a folder with its binary version.
 *
 * @throws TrainError `BAD_DATA` for a file that is absent, or not the official one by its MD5.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html; Krizhevsky 2009
 */
export function readCifar10(folder: string, split: 'train' | 'test'): Promise<DataSet> {
  const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
  const official: Record<string, string> = {
    data_batch_1: '5dd7e06a14cb22eb9f671a540d1b7c25',
    data_batch_2: '5ea93a67294ea407fff1d09f752e9692',
    data_batch_3: '942cd6a4bcdd0dd3c604fbe906cb4421',
    data_batch_4: 'ae636b3ba5c66a11e91e8cb52e771fcb',
    data_batch_5: '53f37980c15c3d472c316c40844f3f0d',
    test_batch: '803d5f7f4d78ea53de84dbe85f74fb6d',
  };
  const names = Object.keys(official).filter((name) => (name === 'test_batch') === (split === 'test'));
  const files = names.map((name) => ({ name: `${name}.bin`, count: 10000, md5: official[name]! }));
  return readCifar(folder, files, { title: 'CIFAR-10', labelBytes: 1, classes });
}

/**
 * CIFAR-100's 50,000 training or 10,000 test pictures with their 100 fine classes, from a folder with its binary version
 * and `fine_label_names.txt`; checked by size and labels.
 *
 * @throws TrainError `BAD_DATA` for a file that is absent or not of the layout.
 */
export async function readCifar100(folder: string, split: 'train' | 'test'): Promise<DataSet> {
  const names = await readBytes(folder, 'fine_label_names.txt', 'CIFAR-100');
  const classes = names.toString('utf8').split('\n').filter(Boolean);
  const count = split === 'train' ? 50000 : 10000;
  return readCifar(folder, [{ name: `${split}.bin`, count }], { title: 'CIFAR-100', labelBytes: 2, classes });
}

async function readCifar(folder: string, files: readonly CifarFile[], layout: CifarLayout): Promise<DataSet> {
  const size = files.reduce((sum, { count }) => sum + count, 0);
  const pixels = new Uint8Array(new SharedArrayBuffer(size * IMAGE_BYTES));
  const labels = new Uint8Array(new SharedArrayBuffer(size));
  let start = 0;
  for (const file of files) {
    const bytes = await readBytes(folder, file.name, layout.title);
    checkFile(join(folder, file.name), bytes, file, layout);
    for (let index = 0; index < file.count; index++) {
      const at = index * (layout.labelBytes + IMAGE_BYTES) + layout.labelBytes;
      labels[start + index] = bytes[at - 1]!;
      interleave(bytes.subarray(at, at + IMAGE_BYTES), pixels, (start + index) * IMAGE_BYTES);
    }
    start += file.count;
  }
  return openDataSet({ pixels, labels, classes: layout.classes });
}

async function readBytes(folder: string, name: string, title: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    const problem = `expected a file of ${title}'s binary version, got ${code}; unpack it, and name the folder with its files`;
    throw new TrainError('BAD_DATA', join(folder, name), problem, cause);
  }
}

function checkFile(
  path: string,
  bytes: Uint8Array,
  file: CifarFile,
  { title, labelBytes, classes }: CifarLayout,
): void {
  const bad = (expected: string, got: string): TrainError =>
    new TrainError('BAD_DATA', path, `expected ${expected}, got ${got}; get ${title}'s binary version again`);
  const record = labelBytes + IMAGE_BYTES;
  if (bytes.length !== file.count * record) throw bad(`${file.count * record} bytes`, `${bytes.length}`);
  if (file.md5 !== undefined) {
    const md5 = createHash('md5').update(bytes).digest('hex');
    if (md5 !== file.md5) throw bad(`MD5 ${file.md5}`, md5);
  }
  for (let index = 0; index < file.count; index++) {
    const label = bytes[index * record + labelBytes - 1]!;
    if (label >= classes.length) throw bad(`labels below ${classes.length}`, `${label} in record ${index}`);
  }
}

/** Planes of red, green and blue to pixels. */
function interleave(planes: Uint8Array, pixels: Uint8Array, at: number): void {
  for (let i = 0, to = at; i < PLANE_BYTES; i++, to += 3) {
    pixels[to] = planes[i]!;
    pixels[to + 1] = planes[PLANE_BYTES + i]!;
    pixels[to + 2] = planes[2 * PLANE_BYTES + i]!;
  }
}
