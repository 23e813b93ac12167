import type { DataSet, PortableDataSet } from '../data-set.ts';
import type { Recipe } from '../recipe.ts';
import { TrainError } from '../train-error.ts';
import { builtModule } from './built-module.ts';
import { type ThreadedBatches, type ThreadOptions, threadedBatches } from './threaded-batches.ts';

/** What a thread makes a recipe's batches of. */
export interface RecipeBatches {
  readonly portable: PortableDataSet;
  readonly recipe: Recipe;
  readonly seed: number;
}

/**
 * `shuffledBatches(data, batchOptions(recipe, seed))`, made by threads ahead of the step.
 *
 * @param data A data set of `readCifar10`, `readCifar100` or `readImageFolder`, a subset of one, or any with `portable`.
 * @throws TrainError
 */
export async function recipeBatches(
  data: DataSet,
  recipe: Recipe,
  seed: number,
  options: ThreadOptions = {},
): Promise<ThreadedBatches> {
  const { portable } = data;
  if (portable === undefined) {
    const next = 'say which by `portable`, or take shuffledBatches';
    throw new TrainError('BAD_OPTION', 'data', `expected a data set that threads can open, got another; ${next}`);
  }
  const argument: RecipeBatches = { portable, recipe, seed };
  return threadedBatches(builtModule('recipe-training-data'), argument, options);
}
