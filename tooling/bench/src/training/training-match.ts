import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '../bench-error.ts';
import type { LineProcess } from '../line-process.ts';
import { pytorchKind, type Ready, startTrainer, type Trained } from './trainers.ts';
import type { TrainingOptions } from './training-options.ts';
import type { SharedFiles } from './workload.ts';
import { writeSharedFiles } from './write-shared-files.ts';

/** Steps at the beginning of a turn in which batches are used up that were made between the turns. */
const UNTIMED = 4;
/** Batches that are made up, and come again. */
const MADE_UP_BATCHES = 8;

/** A trainer with what it did. */
export interface TrainerResult {
  readonly name: string;
  /** With PyTorch's version, for names of one's own are of this clone. */
  readonly label: string;
  readonly version?: string;
  readonly device: string;
  /** Images a second, of each round. */
  readonly rates: number[];
  /** Of all its steps. */
  readonly losses: number[];
}

/** Everybody's results, and who is missing and why. */
export interface TrainingResults {
  readonly results: readonly TrainerResult[];
  readonly missing: readonly string[];
}

type Say = (line: string) => void;

/** Lets all train in turn, several rounds, or, where a curve is asked for, one after another from the same beginning. */
export async function playTrainers(options: TrainingOptions, say: Say): Promise<TrainingResults> {
  const { workload, curveSteps } = options;
  const folder = await mkdtemp(join(tmpdir(), 'residual-training-'));
  try {
    const isShared = workload.folder === undefined || curveSteps !== undefined;
    const batches = workload.folder === undefined ? MADE_UP_BATCHES : (curveSteps ?? 0);
    const shared = isShared ? await writeSharedFiles(workload, batches, folder) : undefined;
    return curveSteps === undefined
      ? await playRounds(options, shared, say)
      : await playCurves(options, shared, curveSteps, say);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Trainer extends TrainerResult {
  readonly process: LineProcess;
}

async function playRounds(
  options: TrainingOptions,
  shared: SharedFiles | undefined,
  say: Say,
): Promise<TrainingResults> {
  const { rounds, steps, workload } = options;
  const trainers: Trainer[] = [];
  const missing: string[] = [];
  try {
    for (const entry of entries(options)) {
      const trainer = await start(entry, options, shared);
      if (typeof trainer === 'string') missing.push(trainer);
      else trainers.push(trainer);
    }
    // The first turn is for compiling and warming up.
    for (let round = 0; round <= rounds; round++) {
      for (const { process, label, rates, losses } of trainers) {
        const turn = { untimed: shared === undefined ? UNTIMED : 1, steps: round === 0 ? 1 : steps };
        const trained = await process.answer<Trained>(turn);
        const rate = (workload.batch * turn.steps) / trained.seconds;
        say(`round ${round}: ${label} ${rate.toFixed(1)} images/s`);
        if (round > 0) rates.push(rate);
        losses.push(...trained.losses);
      }
    }
  } finally {
    await Promise.all(trainers.map(({ process }) => process.stop()));
  }
  return { results: trainers, missing };
}

async function playCurves(
  options: TrainingOptions,
  shared: SharedFiles | undefined,
  steps: number,
  say: Say,
): Promise<TrainingResults> {
  const results: TrainerResult[] = [];
  const missing: string[] = [];
  for (const entry of entries(options)) {
    const trainer = await start(entry, options, shared);
    if (typeof trainer === 'string') {
      missing.push(trainer);
      continue;
    }
    try {
      const { losses } = await trainer.process.answer<Trained>({ untimed: 0, steps });
      trainer.losses.push(...losses);
    } finally {
      await trainer.process.stop();
    }
    say(`${trainer.label}: ${steps} steps, the last loss ${trainer.losses.at(-1)!.toFixed(5)}`);
    results.push(trainer);
  }
  return { results, missing };
}

interface Entry {
  readonly name: string;
  readonly python: string;
}

/** PyTorch once with each Python. */
function entries({ trainers, pythons }: TrainingOptions): Entry[] {
  return trainers.flatMap((name) =>
    (pytorchKind(name) === undefined ? pythons.slice(0, 1) : pythons).map((python) => ({ name, python })),
  );
}

/** Or in a line why not. */
async function start(
  { name, python }: Entry,
  { workload, threads }: TrainingOptions,
  shared: SharedFiles | undefined,
): Promise<Trainer | string> {
  const process = startTrainer(name, { workload, threads, python, ...(shared && { shared }) });
  try {
    const { device, version } = await process.answer<Ready>();
    const label = version === undefined ? name : `${name} (${version})`;
    return { name, label, device, process, rates: [], losses: [], ...(version !== undefined && { version }) };
  } catch (error) {
    await process.stop();
    if (!BenchError.isInstance(error)) throw error;
    const place = pytorchKind(name) === undefined ? '' : ` (${python})`;
    return `${error.message}${place}`;
  }
}
