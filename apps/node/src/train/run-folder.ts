import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkOptions } from '@residual/classifier';
import type { EpochRecord, Evaluation, Recipe } from '@residual/train';
import type { DecodeOptions } from '@residual/vision';
import { writeFileAtomic } from '@residual/weights/node';
import { UsageError } from '../usage-error.ts';
import type { LeftOut } from './training-data.ts';

/** Who computes a training's steps; `tfjs` does so in JavaScript. */
export type TrainingDevice = 'tensorflow' | 'native' | 'tfjs';

export type Precision = 'fp32' | 'bf16';

/** What a fine-tuning begins with, and leaves alone. */
export interface FineTuneSettings {
  readonly weights: string;
  /** Of the weights' file. */
  readonly sha256: string;
  /** Which network of the file; left out, the one that is taken by itself. */
  readonly entry?: string;
  /** What the weights cannot tell of the network. */
  readonly network?: NetworkOptions;
  readonly freeze: 'backbone' | readonly string[];
  readonly bn: 'frozen' | 'train';
}

/** All that a run's numbers depend on, and where they came from. */
export interface RunSettings {
  readonly model: string;
  readonly data: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly evaluateEvery: number;
  readonly limit?: number;
  /** Pictures of the data's folder that could not be used when the run began. */
  readonly leftOut?: readonly LeftOut[];
  /** How picture files are read; left out, as PIL reads them. */
  readonly decode?: DecodeOptions;
  /** Left out, `tensorflow`. */
  readonly device?: TrainingDevice;
  /** What pictures and their gradients are computed in; left out, fp32. */
  readonly precision?: Precision;
  /** Left out, the training begins from random weights. */
  readonly fineTune?: FineTuneSettings;
  readonly command: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

/** The last evaluation of a run, with the names of its classes. */
export interface RunEvaluation {
  readonly classes: readonly string[];
  readonly evaluation: Evaluation;
}

const SETTINGS = 'settings.json';
const METRICS = 'metrics.jsonl';
const EVALUATION = 'evaluation.json';
const WEIGHTS = 'model.safetensors';
const REPORT = 'report.html';
const CHECKPOINTS = 'checkpoints';
/** What a run writes beside its settings. */
const RESULTS: readonly string[] = [METRICS, EVALUATION, WEIGHTS, REPORT, CHECKPOINTS];

/** Weights of a run's end; there only when it is over. */
export function weightsPath(folder: string): string {
  return join(folder, WEIGHTS);
}

/** @throws UsageError where there is a run already, or a file that one would replace, such as the weights that it begins with. */
export async function createRun(folder: string, settings: RunSettings): Promise<void> {
  await mkdir(folder, { recursive: true });
  const there = await readdir(folder);
  const lost = there.includes(SETTINGS) ? undefined : RESULTS.find((name) => there.includes(name));
  if (lost !== undefined)
    throw new UsageError(`--out ${folder}: expected a new folder, got one with ${lost} in it; choose another name`);
  const text = `${JSON.stringify(settings, undefined, 2)}\n`;
  await writeFile(join(folder, SETTINGS), text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new UsageError(`--out ${folder}: expected a new folder, got one with a run; go on with it by --resume`);
  });
}

/** Where a run's checkpoints are. */
export function checkpointsPath(folder: string): string {
  return join(folder, CHECKPOINTS);
}

/** Forgets a run that failed before its first checkpoint, so that the folder takes another. */
export async function abandonRun(folder: string): Promise<void> {
  const checkpoints = await readdir(checkpointsPath(folder)).catch(() => []);
  if (checkpoints.length > 0) return;
  for (const name of [SETTINGS, METRICS, EVALUATION]) await rm(join(folder, name), { force: true });
  await rm(checkpointsPath(folder), { recursive: true, force: true });
}

/** @throws UsageError where there is no run. */
export async function readRun(folder: string): Promise<RunSettings> {
  const settings = await findRun(folder);
  if (settings !== undefined) return settings;
  throw new UsageError(`--out ${folder}: expected a run to go on with, got none; leave --resume out`);
}

/** `undefined` where there is no run. @throws UsageError where its settings cannot be read. */
export async function findRun(folder: string): Promise<RunSettings | undefined> {
  return (await readJson(folder, SETTINGS)) as RunSettings | undefined;
}

/** Rewritten whole after each epoch, so that a run that was killed has no line twice. */
export async function writeMetrics(folder: string, history: readonly EpochRecord[]): Promise<void> {
  const lines = history.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeText(folder, METRICS, lines);
}

/** The epochs so far. */
export async function readMetrics(folder: string): Promise<readonly EpochRecord[]> {
  const text = (await readText(folder, METRICS)) ?? '';
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => parse(folder, METRICS, line) as EpochRecord);
}

export async function writeEvaluation(folder: string, evaluation: RunEvaluation): Promise<void> {
  await writeText(folder, EVALUATION, `${JSON.stringify(evaluation)}\n`);
}

export async function readEvaluation(folder: string): Promise<RunEvaluation | undefined> {
  return (await readJson(folder, EVALUATION)) as RunEvaluation | undefined;
}

export async function writeReport(folder: string, html: string): Promise<void> {
  await writeText(folder, REPORT, html);
}

async function writeText(folder: string, name: string, text: string): Promise<void> {
  await writeFileAtomic(join(folder, name), new TextEncoder().encode(text));
}

async function readText(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError(`${join(folder, name)}: expected a file of a run, got ${error.code}; check the folder`);
  });
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readText(folder, name);
  return text === undefined ? undefined : parse(folder, name, text);
}

function parse(folder: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${join(folder, name)}: expected JSON, got something else; start the run anew`);
  }
}
