import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSet, subset } from '@residual/train';
import { readCifar10, readCifar100, readImageFolder } from '@residual/train/node';
import { type DataKind, parseDataSource } from '../data/data-source.ts';

export interface TrainingParts {
  readonly train: DataSet;
  readonly test: DataSet;
}

/** Of a folder without parts of its own, every so manieth picture is a test picture. */
const HELD_OUT = 5;

const readers: Readonly<Record<DataKind, (folder: string) => Promise<TrainingParts>>> = {
  cifar10: async (folder) => ({ train: await readCifar10(folder, 'train'), test: await readCifar10(folder, 'test') }),
  cifar100: async (folder) => ({
    train: await readCifar100(folder, 'train'),
    test: await readCifar100(folder, 'test'),
  }),
  folder: readFolderParts,
};

/**
 * Pictures to train on and to test on, at most `limit` of each.
 *
 * @throws UsageError for a kind of data that there is not; TrainError for unusable data.
 */
export async function readTrainingParts(
  data: string,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<TrainingParts> {
  const { kind, folder } = parseDataSource(data);
  const { train, test } = await readers[kind](folder);
  const limited = (whole: DataSet): DataSet => (whole.size <= limit ? whole : subset(whole, (index) => index < limit));
  return { train: limited(train), test: limited(test) };
}

/** `DIR/train` and `DIR/val`; or `DIR` alone, of which a part is held out, evenly over its classes. */
async function readFolderParts(folder: string): Promise<TrainingParts> {
  const train = join(folder, 'train');
  const hasParts = await stat(train).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (hasParts) return { train: await readImageFolder(train), test: await readImageFolder(join(folder, 'val')) };
  const whole = await readImageFolder(folder);
  const isTest = (index: number): boolean => index % HELD_OUT === HELD_OUT - 1;
  return { train: subset(whole, (index) => !isTest(index)), test: subset(whole, isTest) };
}
