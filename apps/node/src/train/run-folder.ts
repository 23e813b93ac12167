import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochRecord, Recipe } from '@residual/train';
import { writeFileAtomic } from '@residual/weights/node';
import { UsageError } from '../usage-error.ts';

export type Precision = 'float32' | 'bfloat16';

/** All that a run's numbers depend on, and where they came from. */
export interface RunSettings {
  readonly model: string;
  readonly data: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly evaluateEvery: number;
  readonly limit?: number;
  /** What pictures and their gradients are computed in; left out, float32. */
  readonly precision?: Precision;
  readonly command: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

const SETTINGS = 'settings.json';
const METRICS = 'metrics.jsonl';

/** @throws UsageError where there is a run already. */
export async function createRun(folder: string, settings: RunSettings): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = `${JSON.stringify(settings, undefined, 2)}\n`;
  await writeFile(join(folder, SETTINGS), text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new UsageError(`--out ${folder}: expected a new folder, got one with a run; go on with it by --resume`);
  });
}

/** @throws UsageError where there is no run. */
export async function readRun(folder: string): Promise<RunSettings> {
  const text = await readFile(join(folder, SETTINGS), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--out ${folder}: expected a run to go on with, got ${error.code}; leave --resume out`);
  });
  try {
    return JSON.parse(text) as RunSettings;
  } catch {
    throw new UsageError(`--out ${folder}: expected ${SETTINGS} of a run, got no JSON; start the run anew`);
  }
}

/** Rewritten whole after each epoch, so that a run that was killed has no line twice. */
export async function writeMetrics(folder: string, history: readonly EpochRecord[]): Promise<void> {
  const lines = history.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeFileAtomic(join(folder, METRICS), new TextEncoder().encode(lines));
}
