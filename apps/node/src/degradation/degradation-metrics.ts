import { join } from 'node:path';
import { readMetrics } from '../train/run-folder.ts';
import { UsageError } from '../usage-error.ts';

/** The errors of one run; percentages, an entry for each epoch. */
export interface DegradationRun {
  readonly model: string;
  readonly seed: number;
  readonly epochs: number;
  readonly trainError: readonly number[];
  readonly testError: readonly number[];
}

/** What the experiment comes to; `metrics.json`. */
export interface DegradationMetrics {
  readonly runs: readonly DegradationRun[];
}

/** Reads what a run's folder says of a run that is over. @throws UsageError where an epoch has no test error. */
export async function readDegradationRun(folder: string, model: string, seed: number): Promise<DegradationRun> {
  const history = await readMetrics(folder);
  const untested = history.find(({ testError }) => testError === undefined);
  if (untested !== undefined || history.length === 0) {
    const got = untested === undefined ? 'no epochs' : `none in epoch ${untested.epoch}`;
    const place = join(folder, 'metrics.jsonl');
    throw new UsageError(`${place}: expected a test error for each epoch, got ${got}; take another --out`);
  }
  return {
    model,
    seed,
    epochs: history.length,
    trainError: history.map(({ trainError }) => rounded(trainError)),
    testError: history.map(({ testError }) => rounded(testError!)),
  };
}

/** To a thousandth. */
function rounded(percentage: number): number {
  return Number(percentage.toFixed(3));
}
