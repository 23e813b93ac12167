import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { cifarSpecOf } from '@residual/resnet';
import { listModels } from '@residual/resnet/registry';
import { BenchError } from '../bench-error.ts';
import { chosen, list, wholeNumber } from '../options.ts';
import { defaultPython } from '../python-environment.ts';
import { trainerNames } from './trainers.ts';
import type { Workload } from './workload.ts';

/** What is to be trained by whom. */
export interface TrainingOptions {
  readonly workload: Workload;
  readonly trainers: readonly string[];
  /** PyTorch takes part once with each. */
  readonly pythons: readonly string[];
  readonly threads: number;
  readonly rounds: number;
  /** Timed in each turn. */
  readonly steps: number;
  /** Steps of which losses are compared, in place of times. */
  readonly curveSteps?: number;
}

/** CIFAR-10 has so many steps in an epoch, and a curve is of one. */
const MOST_CURVE_STEPS = 300;

/** @param from The folder that relative paths are of. @throws BenchError for what is not understood. */
export function parseTrainingOptions(args: readonly string[], from: string): TrainingOptions {
  const { values: flags, positionals } = parse(args);
  const [folder] = positionals;
  const sizePx = wholeNumber('--size', flags.size);
  if (folder !== undefined && sizePx !== 32)
    throw new BenchError(`--size: expected 32, of CIFAR-10's pictures, got '${flags.size}'; leave DIR out`);
  const workload: Workload = {
    model: modelNamed(flags.model),
    sizePx,
    batch: wholeNumber('--batch', flags.batch),
    learningRate: positive('--rate', flags.rate),
    ...(folder !== undefined && { folder: resolve(from, folder) }),
  };
  const curveSteps = flags.curve === undefined ? undefined : wholeNumber('--curve', flags.curve);
  if (curveSteps !== undefined && curveSteps > MOST_CURVE_STEPS)
    throw new BenchError(`--curve: expected at most ${MOST_CURVE_STEPS} steps, got '${flags.curve}'`);
  const isShared = folder === undefined || curveSteps !== undefined;
  const usual = ['native', 'native-bf16', 'compiled', 'compiled-bf16', 'eager', 'pytorch-0'];
  if (!isShared) usual.push('eager-tfjs-batch-norm', 'pytorch-1', 'pytorch-2');
  return {
    workload,
    trainers: chosen('--trainers', flags.trainers ?? usual.join(','), trainerNames()),
    pythons: flags.python.length === 0 ? [defaultPython()] : flags.python.flatMap(list),
    threads: wholeNumber('--threads', flags.threads),
    rounds: wholeNumber('--rounds', flags.rounds),
    steps: wholeNumber('--steps', flags.steps),
    ...(curveSteps !== undefined && { curveSteps }),
  };
}

function parse(args: readonly string[]) {
  const options = {
    model: { type: 'string', default: 'resnet20' },
    size: { type: 'string', default: '32' },
    batch: { type: 'string', default: '128' },
    trainers: { type: 'string' },
    python: { type: 'string', multiple: true, default: [] as string[] },
    threads: { type: 'string', default: `${availableParallelism()}` },
    rounds: { type: 'string', default: '4' },
    steps: { type: 'string', default: '10' },
    curve: { type: 'string' },
    rate: { type: 'string', default: '0.1' },
  } as const;
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new BenchError((error as Error).message);
  }
}

function modelNamed(name: string): string {
  if (listModels().includes(name) || cifarSpecOf(name) !== undefined) return name;
  throw new BenchError(`--model: expected a variant or resnet with 6n + 2 layers, got '${name}'`);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (number > 0 && number < Number.POSITIVE_INFINITY) return number;
  throw new BenchError(`${option}: expected a number above 0, got '${text}'`);
}
