import { fileURLToPath } from 'node:url';
import { cifarSpecOf } from '@residual/resnet';
import { BenchError } from '../bench-error.ts';
import { LineProcess } from '../line-process.ts';
import { pythonEnvironment } from '../python-environment.ts';
import type { SharedFiles, Workload } from './workload.ts';

export interface TrainerOptions {
  readonly workload: Workload;
  /** Left out, each begins and shuffles for itself. */
  readonly shared?: SharedFiles;
  readonly threads: number;
  /** With torch and torchvision. */
  readonly python: string;
}

/** What `trainer-process` is told. */
export interface OwnSetup {
  readonly kind: string;
  readonly threads: number;
  readonly workload: Workload;
  readonly shared?: SharedFiles;
}

/** How PyTorch trains. */
export interface PytorchKind {
  readonly isCompiled: boolean;
  readonly isBf16: boolean;
  /** Of its DataLoader. */
  readonly workers: number;
}

/** What a trainer says when it is ready. */
export interface Ready {
  readonly device: string;
  readonly version?: string;
}

/** What it answers to a turn. */
export interface Trained {
  /** Of the timed steps. */
  readonly seconds: number;
  /** Of all steps of the turn. */
  readonly losses: readonly number[];
}

/** Who trains, by name; PyTorch with so many workers of its DataLoader. */
export function trainerNames(): string[] {
  const own = ['native', 'native-bf16', 'compiled', 'compiled-bf16', 'eager', 'eager-tfjs-batch-norm'];
  const ways = ['', '-compile', '-bf16', '-compile-bf16'];
  return [...own, ...ways.flatMap((way) => [0, 1, 2].map((workers) => `pytorch${way}-${workers}`))];
}

/** How a trainer of that name uses PyTorch; `undefined` for one that does not. */
export function pytorchKind(name: string): PytorchKind | undefined {
  const found = /^pytorch(-compile)?(-bf16)?-(\d)$/.exec(name);
  if (found === null) return undefined;
  return { isCompiled: found[1] !== undefined, isBf16: found[2] !== undefined, workers: Number(found[3]) };
}

/** @throws BenchError for a name that there is not, and for workers without pictures to make batches of. */
export function startTrainer(name: string, { workload, shared, threads, python }: TrainerOptions): LineProcess {
  if (!trainerNames().includes(name))
    throw new BenchError(`--trainers: expected some of ${trainerNames().join(', ')}, got '${name}'`);
  const kind = pytorchKind(name);
  if (kind === undefined) {
    const setup: OwnSetup = { kind: name, threads, workload, ...(shared && { shared }) };
    return new LineProcess(name, process.execPath, [childFile(), JSON.stringify(setup)]);
  }
  if (shared !== undefined && kind.workers > 0)
    throw new BenchError(`--trainers: expected no workers where all share their batches, got '${name}'`);
  const script = fileURLToPath(new URL('../../python/train.py', import.meta.url));
  const isCifar = cifarSpecOf(workload.model) !== undefined;
  const setup = { ...workload, ...shared, ...kind, threads, isCifar };
  return new LineProcess(name, python, [script, JSON.stringify(setup)], pythonEnvironment());
}

/** A process needs JavaScript: from sources it is the built one. */
function childFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const name = isSource ? '../../dist/training/trainer-process.js' : './trainer-process.js';
  return fileURLToPath(new URL(name, import.meta.url));
}
