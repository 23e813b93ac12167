import { resolve } from 'node:path';
import { hashFile } from '@residual/weights/node';
import { UsageError } from '../usage-error.ts';
import type { FineTuneSettings } from './run-folder.ts';
import { planRun, type RunFlags } from './run-settings.ts';
import { resumeRun, startRun } from './train-model.ts';

export interface FineTuneFlags extends RunFlags {
  readonly weights?: string;
  readonly freeze: readonly string[];
  readonly bn: 'frozen' | 'train';
}

/** Trains a new head on a pretrained backbone in a run's folder. Gives the exit code. */
export async function fineTuneModel(flags: FineTuneFlags, signal: AbortSignal): Promise<number> {
  if (flags.resume) return resumeRun(flags, signal);
  return startRun(await planRun(flags, await fineTuneSettings(flags)), flags, signal);
}

async function fineTuneSettings({ weights, freeze, bn }: FineTuneFlags): Promise<FineTuneSettings> {
  if (weights === undefined)
    throw new UsageError('--weights: expected a file with pretrained weights, got none; add --weights FILE');
  const sha256 = await hashFile(weights).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--weights ${weights}: expected a file, got ${error.code}; check the path`);
  });
  const isBackbone = freeze.includes('backbone');
  if (isBackbone && freeze.length > 1) {
    const got = freeze.join(' ');
    throw new UsageError(`--freeze: expected backbone alone, or prefixes such as layer1, got ${got}`);
  }
  return { weights: resolve(weights), sha256, freeze: isBackbone ? 'backbone' : freeze, bn };
}
