import { join } from 'node:path';
import { type DataSet, TrainError } from '@residual/train';
import { type ImageFolder, readCifar10, readCifar100 } from '@residual/train/node';
import type { DecodeOptions } from '@residual/vision';
import { classIndices } from './class-indices.ts';
import { parseDataSource } from './data-source.ts';
import { openImageFolder } from './open-image-folder.ts';

/** Test pictures, of which those of class folders say where they are. */
export interface TestData extends DataSet {
  /** A picture's file. */
  readonly fileOf?: (index: number) => string;
  /** The folder of a picture's class. */
  readonly folderOf?: (index: number) => string;
}

/** Test pictures of any classes: their labels are numbers of the data's own. */
export type OpenedTestData =
  | { readonly kind: 'folder'; readonly root: string; readonly pictures: ImageFolder }
  | { readonly kind: 'cifar10' | 'cifar100'; readonly root: string; readonly pictures: DataSet };

/** @throws UsageError for a kind of data that there is not; TrainError for data that is unusable. */
export async function openTestData(data: string, decode: DecodeOptions = {}): Promise<OpenedTestData> {
  const { kind, folder: root } = parseDataSource(data);
  if (kind === 'folder') return { kind, root, pictures: await openImageFolder(root, decode) };
  const read = { cifar10: readCifar10, cifar100: readCifar100 }[kind];
  return { kind, root, pictures: await read(root, 'test') };
}

/**
 * Test pictures for a model with these labels; each example's label is an index of theirs.
 *
 * @throws TrainError for data of other classes.
 */
export function testDataFor({ kind, root, pictures }: OpenedTestData, labels: readonly string[]): TestData {
  if (kind === 'folder') return ofFolder(root, pictures, labels);
  const numClasses = { cifar10: 10, cifar100: 100 }[kind];
  if (labels.length === numClasses) return pictures;
  const problem = `expected a model of ${kind}'s ${numClasses} classes, got one of ${labels.length}; take another model or data set`;
  throw new TrainError('BAD_DATA', root, problem);
}

function ofFolder(root: string, { size, classes, files, read }: ImageFolder, labels: readonly string[]): TestData {
  const indices = classIndices(root, classes, labels);
  return {
    size,
    classes: labels,
    async read(index) {
      const { image, label } = await read(index);
      return { image, label: indices[label]! };
    },
    fileOf: (index) => files[index]!.path,
    folderOf: (index) => join(root, classes[files[index]!.label]!),
  };
}
