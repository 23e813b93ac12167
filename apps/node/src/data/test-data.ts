import { type DataSet, TrainError } from '@residual/train';
import { readCifar10, readCifar100, readImageFolder } from '@residual/train/node';
import { classIndices } from './class-indices.ts';
import { parseDataSource } from './data-source.ts';

/**
 * Test pictures for a model with these labels; each example's label is an index of theirs.
 *
 * @throws UsageError for a kind of data that there is not; TrainError for data that is unusable, or of other classes.
 */
export async function readTestData(data: string, labels: readonly string[]): Promise<DataSet> {
  const { kind, folder } = parseDataSource(data);
  if (kind === 'folder') return readFolder(folder, labels);
  const read = { cifar10: readCifar10, cifar100: readCifar100 }[kind];
  const numClasses = { cifar10: 10, cifar100: 100 }[kind];
  if (labels.length === numClasses) return read(folder, 'test');
  const problem = `expected a model of ${kind}'s ${numClasses} classes, got one of ${labels.length}; take another model or data set`;
  throw new TrainError('BAD_DATA', folder, problem);
}

async function readFolder(root: string, labels: readonly string[]): Promise<DataSet> {
  const { size, classes, read } = await readImageFolder(root);
  const indices = classIndices(root, classes, labels);
  return {
    size,
    classes: labels,
    async read(index) {
      const { image, label } = await read(index);
      return { image, label: indices[label]! };
    },
  };
}
