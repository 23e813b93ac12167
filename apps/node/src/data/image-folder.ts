import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { picturesIn } from '../find-images.ts';
import { prepareFiles } from '../prepare-files.ts';
import { DataError } from './data-error.ts';
import { synsetIndex } from './imagenet-synsets.ts';
import type { LabelledImages } from './labelled-images.ts';

/**
 * The pictures of `root/CLASS/…`, where CLASS is a label (its case and underscores aside), an ImageNet synset or an index.
 * Where no folder is any of these and there are as many as labels, their order is that of torchvision's `ImageFolder`.
 *
 * @throws DataError where there are no class folders, or one is no class.
 */
export async function readImageFolder(root: string, labels: readonly string[]): Promise<LabelledImages> {
  const classes = await classFolders(root, labels);
  const files = (await picturesIn(root)).flatMap((file) => {
    const label = classes.get(file.split('/', 1)[0]!);
    return label === undefined ? [] : [{ file: join(root, file), label }];
  });
  if (files.length === 0)
    throw new DataError(root, `expected pictures in ${[...classes.keys()][0]}/ and others, got none`);
  return {
    count: files.length,
    read: async (start, end, prepare) => {
      const part = files.slice(start, end);
      const prepared = await prepareFiles(
        part.map(({ file }) => file),
        prepare,
      );
      return prepared.map((result, index) => ({ ...result, label: part[index]!.label }));
    },
  };
}

async function classFolders(root: string, labels: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new DataError(root, `expected a folder of class folders, got ${cause.code}; check the path`, cause);
  });
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  if (names.length === 0) throw new DataError(root, 'expected a folder for each class, got none; sort the pictures so');

  const indices = names.map((name) => classIndex(name, labels));
  const unknown = indices.indexOf(undefined);
  if (unknown < 0) return new Map(names.map((name, i) => [name, indices[i]!]));
  if (names.length === labels.length && indices.every((index) => index === undefined))
    return new Map(names.map((name, index) => [name, index]));
  const expected = `a class of the model (a label such as '${labels[0]}', an ImageNet synset, or an index below ${labels.length})`;
  throw new DataError(join(root, names[unknown]!), `expected ${expected}, got '${names[unknown]}'; rename the folder`);
}

function classIndex(folder: string, labels: readonly string[]): number | undefined {
  const byName = labels.findIndex((label) => plain(label) === plain(folder));
  if (byName >= 0) return byName;
  const index = /^\d+$/.test(folder) ? Number(folder) : labels.length === 1000 ? synsetIndex(folder) : undefined;
  return index !== undefined && index < labels.length ? index : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, ' ');
}
