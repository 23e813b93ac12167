import { resolve } from 'node:path';
import { describeWeights, networkOf } from '@residual/classifier';
import { hashFile } from '@residual/weights/node';
import { type NetworkFlags, parseNetworkFlags } from '../network-flags.ts';
import { say } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import { loadNamedWeights, type WeightsFlags } from '../weights/load-named-weights.ts';
import type { FineTuneSettings } from './run-folder.ts';
import { planRun, type RunFlags } from './run-settings.ts';
import { resumeRun, startRun } from './train-model.ts';

export interface FineTuneFlags extends RunFlags, WeightsFlags, NetworkFlags {
  readonly freeze: readonly string[];
  readonly bn: 'frozen' | 'train';
}

/** Trains a new head on a pretrained backbone in a run's folder. Gives the exit code. */
export async function fineTuneModel(flags: FineTuneFlags, signal: AbortSignal): Promise<number> {
  if (flags.resume) return resumeRun(flags, signal);
  return startRun(await planRun(flags, await planFineTuning(flags, signal)), flags, signal);
}

async function planFineTuning(
  flags: FineTuneFlags,
  signal: AbortSignal,
): Promise<{ model: string; settings: FineTuneSettings }> {
  const { model, weights, entry, freeze, bn } = flags;
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
  const loaded = await loadNamedWeights(flags, signal);
  const named = model === undefined ? {} : { model };
  const { blueprint, notes } = await describeWeights({ ...named, ...parseNetworkFlags(flags), weights: loaded });
  say(...notes.map((note) => `note: ${note}`));
  const settings: FineTuneSettings = {
    weights: resolve(weights),
    sha256,
    ...(entry !== undefined && { entry }),
    network: networkOf(blueprint.spec),
    freeze: isBackbone ? 'backbone' : freeze,
    bn,
  };
  return { model: blueprint.spec.name, settings };
}
