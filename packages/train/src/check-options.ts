import { checkNumber } from './check-number.ts';
import type { TrainingProgress } from './checkpoint.ts';
import { TrainError } from './train-error.ts';
import type { TrainOptions } from './training-options.ts';

/** @throws TrainError for numbers with which a training would do nothing, or something else than is meant. */
export function checkOptions(options: TrainOptions, stepsPerEpoch: number, progress?: TrainingProgress): void {
  const { epochs, accumulate, evaluateEvery, checkpointSteps, prefetch, clipNorm, emaDecay, data } = options;
  for (const [name, value] of Object.entries({ epochs, accumulate, evaluateEvery }))
    checkNumber(name, value, { from: 1, isWhole: true });
  for (const [name, value] of Object.entries({ checkpointSteps, prefetch }))
    checkNumber(name, value, { from: 0, isWhole: true });
  checkNumber('clipNorm', clipNorm, { above: 0 });
  checkNumber('emaDecay', emaDecay, { from: 0, below: 1 });
  if (stepsPerEpoch < 1) {
    const expected = `expected at most the ${data.stepsPerEpoch} batches of an epoch, got ${accumulate}`;
    throw new TrainError('BAD_OPTION', 'accumulate', expected);
  }
  const saved = progress?.stepsPerEpoch;
  if (saved === undefined || saved === stepsPerEpoch) return;
  const next = 'go on with the data and the batches that it was made with, or take another folder';
  const problem = `expected a training of ${stepsPerEpoch} steps per epoch, got one of ${saved}; ${next}`;
  throw new TrainError('BAD_CHECKPOINT', 'checkpoint', problem);
}

/** @throws TrainError for a batch that the model was not built for. */
export function checkEvaluationBatch(images: Float32Array, batchShape: readonly number[]): void {
  const expected = batchShape.reduce((product, size) => product * size, 1);
  if (images.length === expected) return;
  const got = `got ${images.length} numbers; take the training's batch size and picture size`;
  throw new TrainError('BAD_DATA', 'evaluation', `expected batches of [${batchShape.join(', ')}], ${got}`);
}
