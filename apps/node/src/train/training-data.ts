import { join } from 'node:path';
import { type DataSet, subset } from '@residual/train';
import { readCifar10, readCifar100, readImageFolder } from '@residual/train/node';
import { type DataKind, parseDataSource } from '../data/data-source.ts';

export interface TrainingParts {
  readonly train: DataSet;
  readonly test: DataSet;
}

type ReadPart = (folder: string, part: 'train' | 'test') => Promise<DataSet>;

const readers: Readonly<Record<DataKind, ReadPart>> = {
  cifar10: readCifar10,
  cifar100: readCifar100,
  folder: (folder, part) => readImageFolder(join(folder, part === 'train' ? 'train' : 'val')),
};

/** @throws UsageError for a kind of data that there is not; TrainError for unusable data. */
export async function readTrainingParts(
  data: string,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<TrainingParts> {
  const { kind, folder } = parseDataSource(data);
  const read = async (part: 'train' | 'test'): Promise<DataSet> => {
    const whole = await readers[kind](folder, part);
    return whole.size <= limit ? whole : subset(whole, (index) => index < limit);
  };
  return { train: await read('train'), test: await read('test') };
}
