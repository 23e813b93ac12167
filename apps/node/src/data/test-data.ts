import { join } from 'node:path';
import { type DataSet, TrainError } from '@residual/train';
import { readCifar10, readCifar100 } from '@residual/train/node';
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

/**
 * Test pictures for a model with these labels; each example's label is an index of theirs.
 *
 * @throws UsageError for a kind of data that there is not; TrainError for data that is unusable, or of other classes.
 */
export async function readTestData(
  data: string,
  labels: readonly string[],
  decode: DecodeOptions = {},
): Promise<TestData> {
  const { kind, folder } = parseDataSource(data);
  if (kind === 'folder') return readFolder(folder, labels, decode);
  const read = { cifar10: readCifar10, cifar100: readCifar100 }[kind];
  const numClasses = { cifar10: 10, cifar100: 100 }[kind];
  if (labels.length === numClasses) return read(folder, 'test');
  const problem = `expected a model of ${kind}'s ${numClasses} classes, got one of ${labels.length}; take another model or data set`;
  throw new TrainError('BAD_DATA', folder, problem);
}

async function readFolder(root: string, labels: readonly string[], decode: DecodeOptions): Promise<TestData> {
  const { size, classes, files, read } = await openImageFolder(root, decode);
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
