import { shuffledBatches, type TrainingData } from '../batches.ts';
import { type DataSet, type PortableDataSet, subset } from '../data-set.ts';
import { batchOptions } from '../recipe.ts';
import { TrainError } from '../train-error.ts';
import type { RecipeBatches } from './recipe-batches.ts';

/** What a thread runs for `recipeBatches`. */
export async function trainingData({ portable, recipe, seed }: RecipeBatches): Promise<TrainingData> {
  return shuffledBatches(await opened(portable), batchOptions(recipe, seed));
}

async function opened({ module, data, kept }: PortableDataSet): Promise<DataSet> {
  const { openDataSet } = (await import(module)) as { openDataSet?: (data: unknown) => DataSet | Promise<DataSet> };
  if (openDataSet === undefined)
    throw new TrainError('BAD_OPTION', module, "expected an export 'openDataSet', got none; export that function");
  const whole = await openDataSet(data);
  if (kept === undefined) return whole;
  const chosen = new Set(kept);
  return subset(whole, (index) => chosen.has(index));
}
