import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars } from '@residual/blocks';
import { createModel, getSpec } from '@residual/resnet/registry';
import {
  orderedBatches,
  parseRecipe,
  type Recipe,
  recipeOptions,
  recipes,
  type TrainResult,
  train,
} from '@residual/train';
import { checkpointFolder, recipeBatches } from '@residual/train/node';
import { resizeAndCrop } from '@residual/vision';
import { writeSafetensors } from '@residual/weights';
import { writeFileAtomic } from '@residual/weights/node';
import { exitCode } from '../exit-code.ts';
import { parseCount } from '../parse-count.ts';
import { UsageError } from '../usage-error.ts';
import { liveLine } from './live-line.ts';
import { createRun, type Precision, type RunSettings, readRun, writeMetrics } from './run-folder.ts';
import { readTrainingParts } from './training-data.ts';

export interface TrainFlags {
  readonly out: string;
  readonly model?: string;
  readonly data?: string;
  readonly recipe: string;
  readonly epochs?: string;
  readonly seed: string;
  readonly evaluateEvery: string;
  readonly limit?: string;
  readonly precision: Precision;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** Trains a model in a run's folder, from the start or from where it was. Gives the exit code. */
export async function trainModel(flags: TrainFlags, signal: AbortSignal): Promise<number> {
  const settings = flags.resume ? await readRun(flags.out) : await newSettings(flags);
  await useTensorFlow();
  const data = await readTrainingParts(settings.data, settings.limit);
  if (!flags.resume) await createRun(flags.out, settings);
  const result = await run(flags.out, settings, data, signal);
  const { progress, stateDict, evaluation } = result;
  if (result.stopped) {
    process.stderr.write(`residual: stopped after step ${progress.step}; --resume --out ${flags.out} goes on\n`);
    return exitCode.interrupted;
  }
  const weights = join(flags.out, 'model.safetensors');
  const metadata = { format: 'pt', model: settings.model, steps: String(progress.step) };
  await writeFileAtomic(weights, writeSafetensors(stateDict, { metadata }));
  const last = progress.history.at(-1);
  const text = flags.json
    ? JSON.stringify({ weights, ...last, ...(evaluation && { top1: evaluation.top1, top5: evaluation.top5 }) })
    : `${weights}: ${describe(result)}`;
  process.stdout.write(`${text}\n`);
  return exitCode.success;
}

async function newSettings(flags: TrainFlags): Promise<RunSettings> {
  const { model, data } = flags;
  if (model === undefined) throw new UsageError('--model: expected a variant, got none; resnet20 suits CIFAR');
  if (data === undefined) throw new UsageError('--data: expected cifar10:DIR or folder:DIR, got none');
  getSpec(model);
  const recipe = await readRecipe(flags.recipe);
  const epochs = flags.epochs === undefined ? recipe.epochs : parseCount('--epochs', flags.epochs);
  const [kind, folder] = [data.split(':', 1)[0]!, data.slice(data.indexOf(':') + 1)];
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return {
    model,
    data: `${kind}:${resolve(folder)}`,
    seed: parseCount('--seed', flags.seed),
    recipe: { ...recipe, epochs },
    evaluateEvery: parseCount('--evaluate-every', flags.evaluateEvery),
    ...(flags.limit === undefined ? {} : { limit: parseCount('--limit', flags.limit) }),
    precision: flags.precision,
    command: process.argv.slice(2),
    versions: { residual: version, node: process.versions.node },
  };
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

/** The engine steps; tfjs's own backend makes the first weights, and brings the gradients. */
async function useTensorFlow(): Promise<void> {
  const { available, reason } = await tensorflow().isAvailable();
  if (!available) throw new UsageError(`train: expected TensorFlow to compute with, got none: ${reason}`);
  await tfjsNode().use();
}

async function run(
  out: string,
  { model, recipe, seed, evaluateEvery, precision = 'float32' }: RunSettings,
  data: Awaited<ReturnType<typeof readTrainingParts>>,
  signal: AbortSignal,
): Promise<TrainResult> {
  const numClasses = data.train.classes.length;
  const batches = await recipeBatches(data.train, recipe, seed, { signal });
  const show = liveLine(recipe.epochs);
  const { sizePx } = recipe;
  const preset = {
    ...recipe,
    resizePx: Math.round(sizePx / 0.875),
    cropPx: sizePx,
    interpolation: 'bilinear',
  } as const;
  const prepare: Parameters<typeof orderedBatches>[1]['prepare'] = (image) =>
    image.width === sizePx && image.height === sizePx ? image : resizeAndCrop(image, preset);
  let written: Promise<void> = Promise.resolve();
  const result = await train({
    ...recipeOptions(recipe, batches.stepsPerEpoch),
    model: (vars) => createModel(model, { vars, numClasses }),
    initial: randomVars({ seed }),
    data: batches,
    engine: tensorflow({ precision }),
    checkpoints: checkpointFolder(join(out, 'checkpoints')),
    evaluation: () => orderedBatches(data.test, { ...recipe, prepare }),
    evaluateEvery,
    signal,
    onEvent(event) {
      show(event);
      if (event.kind !== 'epoch') return;
      written = written.then(() => writeMetrics(out, event.history));
      // Whoever waits for the last one sees the failure.
      written.catch(() => undefined);
    },
  });
  await written;
  await batches.close();
  return result;
}

function describe({ evaluation, progress }: TrainResult): string {
  const test =
    evaluation && `${evaluation.correct} of ${evaluation.total} test pictures right (${evaluation.top1.toFixed(2)} %)`;
  return `${progress.step} steps${test ? `, ${test}` : ''}`;
}
