import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { getSpec } from '@residual/resnet/registry';
import { cifarDegradation, type Recipe } from '@residual/train';
import { writeFileAtomic } from '@residual/weights/node';
import pMap from 'p-map';
import { parseDataSource } from '../data/data-source.ts';
import { exitCode } from '../exit-code.ts';
import { parseCount } from '../parse-count.ts';
import { drawSvg } from '../report/draw-svg.ts';
import { print, say } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';
import { findRun, type Precision, type RunSettings, type TrainingDevice, weightsPath } from '../train/run-folder.ts';
import { readTrainingParts } from '../train/training-data.ts';
import { UsageError } from '../usage-error.ts';
import { degradationFigure } from './degradation-figure.ts';
import { type DegradationMetrics, readDegradationRun } from './degradation-metrics.ts';
import { degradationPage, finalErrors } from './degradation-page.ts';
import { runTrainingProcess } from './training-process.ts';

export interface DegradationFlags {
  readonly data: string;
  readonly out: string;
  readonly models: string;
  readonly seeds: string;
  readonly epochs?: string;
  readonly device: TrainingDevice;
  readonly precision: Precision;
  readonly jobs: string;
  readonly limit?: string;
}

/** What the runs come to, in the folder that theirs are in. */
const RESULTS: readonly string[] = ['metrics.json', 'figure.svg', 'figure.html'];

/** A run that the experiment consists of. */
interface PlannedTraining {
  readonly name: string;
  readonly folder: string;
  readonly model: string;
  readonly seed: number;
}

/** Trains the nets, those that are not done, and draws their errors. Gives the exit code. */
export async function runDegradation(flags: DegradationFlags, signal: AbortSignal): Promise<number> {
  parseDataSource(flags.data);
  const recipe = {
    ...cifarDegradation,
    ...(flags.epochs !== undefined && { epochs: parseCount('--epochs', flags.epochs) }),
  };
  const jobs = parseCount('--jobs', flags.jobs);
  const threads = Math.max(1, Math.floor(availableParallelism() / jobs));
  const plan = planTrainings(flags);
  const expected = expectedSettings(recipe, flags);
  for (const training of plan) await checkRun(training, expected);
  checkResults(flags.out, plan);
  // What is wrong with the data is said once, and before there are folders.
  if (plan.some(({ folder }) => !existsSync(weightsPath(folder))))
    await readTrainingParts(flags.data, { limit: expected.limit, leftOut: [] });
  await mkdir(flags.out, { recursive: true });

  const codes = await pMap(
    plan,
    async (training) => {
      if (existsSync(weightsPath(training.folder))) return exitCode.success;
      if (signal.aborted) return exitCode.interrupted;
      const args = (await findRun(training.folder))
        ? ['train', '--resume', '--out', training.folder, '--json']
        : trainArguments(training, recipe, flags);
      return runTrainingProcess(training.name, [...args, '--threads', `${threads}`], signal);
    },
    { concurrency: jobs },
  );
  if (signal.aborted) {
    say('residual: stopped; the same command goes on');
    return exitCode.interrupted;
  }
  // A run that left bad pictures out is over, and has its weights.
  const failed = plan.filter(
    ({ folder }, index) => codes[index] !== exitCode.success && !existsSync(weightsPath(folder)),
  );
  if (failed.length > 0) {
    const names = failed.map(({ name }) => name).join(', ');
    say(`residual: ${names}: failed, as said above; the same command goes on with them`);
    return exitCode.failure;
  }
  await writeResults(flags.out, plan);
  return exitCode.success;
}

function planTrainings({ out, models, seeds }: DegradationFlags): PlannedTraining[] {
  const names = models.split(',').map((name) => name.trim());
  for (const name of names) getSpec(name);
  const numbers = seeds.split(',').map((text) => parseCount('--seeds', text.trim()));
  return numbers.flatMap((seed) =>
    names.map((model) => {
      const name = `${model}-${seed}`;
      return { name, folder: join(out, name), model, seed };
    }),
  );
}

type ExpectedSettings = Pick<RunSettings, 'recipe' | 'device' | 'precision' | 'evaluateEvery' | 'limit'>;

function expectedSettings(recipe: Recipe, { device, precision, limit }: DegradationFlags): ExpectedSettings {
  const limited = limit === undefined ? {} : { limit: parseCount('--limit', limit) };
  return { recipe, device, precision, evaluateEvery: 1, ...limited };
}

/** @throws UsageError where the folder has a run that is another than is asked for. */
async function checkRun({ folder, model, seed }: PlannedTraining, expected: ExpectedSettings): Promise<void> {
  const found = await findRun(folder);
  if (found === undefined) return;
  // Runs that say nothing of it are of any precision, and TensorFlow's.
  const precision = found.precision && expected.precision;
  const wanted = { ...expected, precision, model, seed };
  for (const [name, value] of Object.entries(wanted)) {
    const got = name === 'device' ? (found.device ?? 'tensorflow') : found[name as keyof RunSettings];
    if (isDeepStrictEqual(got, value)) continue;
    const difference = `expected ${name} ${JSON.stringify(value)}, got ${JSON.stringify(got)}`;
    throw new UsageError(`${folder}: ${difference}; take another --out, or the options of that run`);
  }
}

/** Results are made anew with their runs; where there is none of these, they are another's. @throws UsageError */
function checkResults(out: string, plan: readonly PlannedTraining[]): void {
  const found = RESULTS.find((name) => existsSync(join(out, name)));
  if (found === undefined || plan.some(({ folder }) => existsSync(folder))) return;
  throw new UsageError(`${out}: expected a new folder, got one with ${found} in it; take another --out`);
}

function trainArguments(
  { folder, model, seed }: PlannedTraining,
  { epochs }: Recipe,
  flags: DegradationFlags,
): string[] {
  const { data, device, precision, limit } = flags;
  const kernels = ['--device', device, '--precision', precision];
  const recipe = ['--recipe', 'cifar-degradation', '--epochs', String(epochs), ...kernels];
  const limited = limit === undefined ? [] : ['--limit', limit];
  const source = ['--model', model, '--data', data, '--seed', String(seed)];
  return ['train', ...source, ...recipe, ...limited, '--out', folder, '--json'];
}

async function writeResults(out: string, plan: readonly PlannedTraining[]): Promise<void> {
  const runs = await Promise.all(plan.map(({ folder, model, seed }) => readDegradationRun(folder, model, seed)));
  const metrics: DegradationMetrics = { runs };
  const svg = await drawSvg(degradationFigure(metrics));
  const command = `residual ${process.argv.slice(2).join(' ')}`;
  const write = (name: string, text: string): Promise<void> =>
    writeFileAtomic(join(out, name), new TextEncoder().encode(text));
  const texts = [`${JSON.stringify(metrics, undefined, 1)}\n`, svg, degradationPage(metrics, svg, command)];
  for (const [index, name] of RESULTS.entries()) await write(name, texts[index]!);
  const [head, ...rows] = finalErrors(metrics);
  print(
    ...textTable(
      head!.map((name) => ({ head: name })),
      rows,
      { style: 'compact' },
    ),
  );
  print(`${join(out, RESULTS[0]!)}, ${RESULTS.slice(1).join(', ')}`);
}
