import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { getSpec } from '@residual/resnet/registry';
import { parseRecipe, type Recipe, recipes } from '@residual/train';
import { parseDataSource } from '../data/data-source.ts';
import { parseCount } from '../parse-count.ts';
import { type DecodeFlags, parseDecodeFlags } from '../pictures/decode-flags.ts';
import { UsageError } from '../usage-error.ts';
import type { FineTuneSettings, Precision, RunSettings, TrainingDevice } from './run-folder.ts';

/** The options of every command that trains a model. */
export interface RunFlags extends DecodeFlags {
  readonly out: string;
  readonly model?: string;
  readonly data?: string;
  readonly recipe: string;
  readonly epochs?: string;
  readonly seed: string;
  readonly evaluateEvery: string;
  readonly limit?: string;
  /** Left out, the first that is here. */
  readonly device?: TrainingDevice;
  readonly threads?: string;
  readonly precision: Precision;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** What a new run is to be, but for the versions that it runs on. */
export type PlannedRun = Omit<RunSettings, 'versions'>;

/** @throws UsageError for what is missing or none of the choices; TrainError for what is no recipe. */
export async function planRun(
  flags: RunFlags,
  fineTune?: { readonly model: string; readonly settings: FineTuneSettings },
): Promise<PlannedRun> {
  const { data } = flags;
  const model = fineTune?.model ?? flags.model;
  if (model === undefined) throw new UsageError('--model: expected a variant, got none; resnet20 suits CIFAR');
  if (data === undefined) throw new UsageError('--data: expected cifar10:DIR or folder:DIR, got none');
  getSpec(model);
  if (flags.device === 'tfjs' && flags.precision !== 'fp32')
    throw new UsageError(`--precision: expected fp32 with --device tfjs, got ${flags.precision}`);
  const recipe = await readRecipe(flags.recipe);
  const epochs = flags.epochs === undefined ? recipe.epochs : parseCount('--epochs', flags.epochs);
  const decode = parseDecodeFlags(flags);
  const { kind, folder } = parseDataSource(data);
  return {
    model,
    data: `${kind}:${resolve(folder)}`,
    seed: parseCount('--seed', flags.seed),
    recipe: { ...recipe, epochs },
    evaluateEvery: parseCount('--evaluate-every', flags.evaluateEvery),
    ...(flags.limit === undefined ? {} : { limit: parseCount('--limit', flags.limit) }),
    ...(Object.keys(decode).length > 0 && { decode }),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    precision: flags.precision,
    ...(fineTune === undefined ? {} : { fineTune: fineTune.settings }),
    command: process.argv.slice(2),
  };
}

/** Versions of the command and of Node. */
export function ownVersions(): Readonly<Record<string, string>> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return { residual: version, node: process.versions.node };
}

async function readRecipe(name: string): Promise<Recipe> {
  const known = recipes();
  if (Object.hasOwn(known, name)) return known[name]!;
  const names = Object.keys(known).join(', ');
  const text = await readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--recipe: expected ${names} or a JSON file, got '${name}' (${error.code})`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`--recipe ${name}: expected JSON, got something else`);
  }
  return parseRecipe(value, name);
}
