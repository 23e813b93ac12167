import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { DecodeOptions } from '@residual/vision';
import { fileName, filePath, walkPictures } from '@residual/vision/node';
import type { DataSet } from '../data-set.ts';
import { TrainError } from '../train-error.ts';
import { type LabelledFile, openDataSet } from './image-files.ts';

/** The pictures of class folders, and what else lies among them. */
export interface ImageFolder extends DataSet {
  /** By index. One with a `problem`, and one that is damaged, is an error when it is read. */
  readonly files: readonly LabelledFile[];
  /** Files that are no pictures, by their names below the root. */
  readonly others: readonly string[];
  /** How many hidden files are called a picture; they are left out. */
  readonly hidden: number;
  /** Pictures that lie in no class folder, by their names. */
  readonly unsorted: readonly string[];
}

/**
 * The pictures of `root/CLASS/…`, at any depth below, as `walkPictures` of `@residual/vision/node` finds them; the classes are
 * the folders' names in order. Each is decoded when it is read, by the optional peer `sharp`.
 *
 * @param decode How all of them are decoded.
 * @throws TrainError `BAD_DATA` where there are no such folders, one cannot be read, or has no picture.
 * @see torchvision `ImageFolder`
 */
export async function readImageFolder(root: string, decode: DecodeOptions = {}): Promise<ImageFolder> {
  const classes = await classFolders(root);
  if (classes.length === 0)
    throw new TrainError('BAD_DATA', root, 'expected a folder per class, got none; sort the pictures into folders');
  const { pictures, others, hidden } = await walkPictures(root);
  const byClass = new Map(classes.map((name, label) => [name, { label, files: [] as LabelledFile[] }]));
  const unsorted: string[] = [];
  for (const picture of pictures) {
    const [name, ...below] = relative(root, picture.path).split(sep);
    const found = below.length > 0 ? byClass.get(name!) : undefined;
    if (found !== undefined) found.files.push({ ...picture, label: found.label });
    // What can't be looked into may be a class.
    else if (picture.problem !== undefined) throw new TrainError('BAD_DATA', picture.path, picture.problem);
    else unsorted.push(name!);
  }
  for (const [name, { files }] of byClass) {
    if (files.length > 0) continue;
    const found = others.filter((other) => other.startsWith(`${name}/`)).length;
    const got = found === 0 ? 'none' : `none among ${found} ${found === 1 ? 'file' : 'files'}`;
    throw new TrainError('BAD_DATA', join(root, name), `expected pictures, got ${got}; remove the folder or fill it`);
  }
  const files = [...byClass.values()].flatMap((found) => found.files);
  return { ...openDataSet({ files, classes, decode }), files, others, hidden, unsorted };
}

/** Names of the folders in a folder, and of links to such, in order; hidden ones left out. */
async function classFolders(root: string): Promise<string[]> {
  const entries = await readdir(filePath(root), { withFileTypes: true, encoding: 'buffer' }).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new TrainError('BAD_DATA', root, `expected a folder with a folder per class, got ${cause.code}`, cause);
    },
  );
  const names: string[] = [];
  for (const entry of entries) {
    const name = fileName(entry.name);
    if (!name.startsWith('.') && (await isFolder(entry, join(root, name)))) names.push(name);
  }
  return names.sort();
}

async function isFolder(entry: Dirent<Buffer>, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(filePath(path)).catch(() => undefined);
  return target?.isDirectory() ?? false;
}
