import { randomVars, type VarSource } from '@residual/blocks';
import { describeWeights } from '@residual/classifier';
import { createModel } from '@residual/resnet/registry';
import {
  fineTune,
  orderedBatches,
  type Pretrained,
  recipeOptions,
  type TrainingEvent,
  type TrainResult,
  train,
} from '@residual/train';
import { checkpointFolder, recipeBatches } from '@residual/train/node';
import { resizeAndCrop } from '@residual/vision';
import { say } from '../terminal/output.ts';
import { loadNamedWeights } from '../weights/load-named-weights.ts';
import { describeFineTuning } from './describe-fine-tuning.ts';
import { liveLine } from './live-line.ts';
import {
  checkpointsPath,
  type FineTuneSettings,
  type RunSettings,
  writeEvaluation,
  writeMetrics,
} from './run-folder.ts';
import { testPreset } from './test-preset.ts';
import type { TrainingParts } from './training-data.ts';
import { trainingEngine } from './use-device.ts';

/** Trains in a run's folder, from the start or from where it was; the folder gets metrics after each epoch. */
export async function runTraining(
  out: string,
  settings: RunSettings,
  data: TrainingParts,
  { signal, threads }: { readonly signal: AbortSignal; readonly threads?: number | undefined },
): Promise<TrainResult> {
  const { recipe, seed, evaluateEvery, device, precision, fineTune: tuning } = settings;
  const { classes } = data.train;
  const batches = await recipeBatches(data.train, recipe, seed, { signal });
  const preset = testPreset(settings);
  const model = (vars: VarSource) => createModel(settings.model, { vars, numClasses: classes.length });
  const show = liveLine(recipe.epochs);
  let written: Promise<void> = Promise.resolve();
  const onEvent = (event: TrainingEvent): void => {
    show(event);
    if (event.kind !== 'epoch') return;
    const { history, evaluation } = event;
    written = written.then(() => writeMetrics(out, history));
    if (evaluation !== undefined) written = written.then(() => writeEvaluation(out, { classes, evaluation }));
    // Whoever waits for the last one sees the failure.
    written.catch(() => undefined);
  };
  const engine = trainingEngine({ device, threads }, precision);
  const options = {
    ...recipeOptions(recipe, batches.stepsPerEpoch),
    initial: randomVars({ seed }),
    ...(engine === undefined ? {} : { engine }),
    checkpoints: checkpointFolder(checkpointsPath(out)),
    evaluation: () => orderedBatches(data.test, { ...recipe, prepare: (image) => resizeAndCrop(image, preset) }),
    evaluateEvery,
    signal,
    onEvent,
  };
  try {
    const result =
      tuning === undefined
        ? await train({ ...options, model, data: batches })
        : await fineTune(await pretrained(settings.model, tuning, classes.length, signal), batches, {
            ...options,
            freeze: tuning.freeze,
            bn: tuning.bn,
            onReport: (report) => say(describeFineTuning(report)),
          });
    await written;
    return result;
  } finally {
    await batches.close();
  }
}

/** The network that weights are of, with a head for so many classes. */
async function pretrained(
  model: string,
  { weights: path, entry, network }: FineTuneSettings,
  numClasses: number,
  signal: AbortSignal,
): Promise<Pretrained> {
  const weights = await loadNamedWeights({ weights: path, ...(entry !== undefined && { entry }) }, signal);
  const { blueprint, dict } = await describeWeights({ model, weights, numClasses, ...network });
  return { model: (vars) => blueprint.withVars(vars), weights: dict, head: [blueprint.headPath] };
}
