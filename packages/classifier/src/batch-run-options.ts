import type { RunOptions } from '@residual/compile';
import { ClassifierError } from './classifier-error.ts';

export interface BatchRunOptions extends RunOptions {
  /**
   * Pictures that go through the network at once; default: the classifier's own. An engine compiles an executable for each new
   * size and keeps it until `dispose`.
   */
  readonly batchSize?: number;
  /**
   * What is left over of a batch goes through the network in halves of one (4, 2 and 1 of 8), not one by one. Each of these sizes
   * costs memory, unless executables share their weights, as `native`'s do. Default false.
   */
  readonly halves?: boolean;
}

/** @throws ClassifierError for one that is no whole number from 1. */
export function checkBatchSize(batchSize: number | undefined): void {
  if (batchSize === undefined || (Number.isInteger(batchSize) && batchSize >= 1)) return;
  throw new ClassifierError(
    'BAD_OPTION',
    `batchSize: expected a whole number from 1, got ${batchSize}; leave it out for the default`,
  );
}
