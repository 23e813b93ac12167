import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { DataSet } from '../data-set.ts';
import { TrainError } from '../train-error.ts';
import { openDataSet } from './image-files.ts';

const EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'];

/**
 * The pictures of `root/CLASS/…`, at any depth below; the classes are the folders' names in order. Each is decoded when
 * it is read, by the optional peer `sharp`.
 *
 * @throws TrainError `BAD_DATA` where there are no such folders, or one has no picture.
 * @see torchvision `ImageFolder`
 */
export async function readImageFolder(root: string): Promise<DataSet> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new TrainError('BAD_DATA', root, `expected a folder with a folder per class, got ${cause.code}`, cause);
  });
  const classes = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  if (classes.length === 0)
    throw new TrainError('BAD_DATA', root, 'expected a folder per class, got none; sort the pictures into folders');
  classes.sort();
  const files: { path: string; label: number }[] = [];
  for (const [label, name] of classes.entries()) {
    const found = (await readdir(join(root, name), { recursive: true }))
      .filter((file) => EXTENSIONS.includes(extname(file).toLowerCase()))
      .sort();
    if (found.length === 0)
      throw new TrainError('BAD_DATA', join(root, name), 'expected pictures, got none; remove the folder or fill it');
    for (const file of found) files.push({ path: join(root, name, file), label });
  }
  return openDataSet({ files, classes });
}
