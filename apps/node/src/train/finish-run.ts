import { toMetadata, withNetworkOptions } from '@residual/classifier';
import { getSpec } from '@residual/resnet/registry';
import type { Evaluation, TrainResult } from '@residual/train';
import { writeSafetensors } from '@residual/weights';
import { writeFileAtomic } from '@residual/weights/node';
import { runReport } from '../report/run-report.ts';
import { type RunSettings, readEvaluation, weightsPath, writeReport } from './run-folder.ts';
import { testPreset } from './test-preset.ts';

/** What is left of a run that is over. */
export interface RunOutcome {
  readonly weights: string;
  readonly evaluation: Evaluation | undefined;
}

/** Writes the last weights, which say how they are to be used, and the report. */
export async function finishRun(
  out: string,
  settings: RunSettings,
  classes: readonly string[],
  { progress, stateDict, evaluation }: TrainResult,
): Promise<RunOutcome> {
  const weights = weightsPath(out);
  const metadata = {
    format: 'pt',
    steps: String(progress.step),
    ...toMetadata({
      spec: withNetworkOptions(getSpec(settings.model), settings.fineTune?.network ?? {}),
      preset: testPreset(settings),
      labels: classes,
    }),
  };
  // A run that was over already has no evaluation of its own.
  const last = evaluation ?? (await readEvaluation(out))?.evaluation;
  await writeReport(out, await runReport({ settings, history: progress.history, evaluation: last, classes }));
  await writeFileAtomic(weights, writeSafetensors(stateDict, { metadata }));
  return { weights, evaluation: last };
}
