import { fileURLToPath } from 'node:url';
import { BenchError } from '../bench-error.ts';
import { LineProcess } from './line-process.ts';

export interface TrainerOptions {
  /** CIFAR-10's binary version. */
  readonly folder: string;
  readonly threads: number;
  /** With torch and torchvision. */
  readonly python: string;
}

/** Who trains, by name; PyTorch with so many workers of its DataLoader. */
export function trainerNames(): string[] {
  const own = ['native', 'compiled', 'compiled-bfloat16', 'eager', 'eager-tfjs-batch-norm'];
  return [...own, 'pytorch-0', 'pytorch-1', 'pytorch-2'];
}

/** @throws BenchError for a name that there is not. */
export function startTrainer(name: string, { folder, threads, python }: TrainerOptions): LineProcess {
  if (!trainerNames().includes(name))
    throw new BenchError(`--trainers: expected some of ${trainerNames().join(', ')}, got '${name}'`);
  const workers = /^pytorch-(\d)$/.exec(name)?.[1];
  if (workers === undefined) return new LineProcess(name, process.execPath, [childFile(), name, folder, `${threads}`]);
  const script = fileURLToPath(new URL('../../python/train_resnet20.py', import.meta.url));
  return new LineProcess(name, python, [script, folder, `${threads}`, workers], pythonEnvironment());
}

/** A process needs JavaScript: from sources it is the built one. */
function childFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const name = isSource ? '../../dist/training/trainer-process.js' : './trainer-process.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A core type that was set for another BLAS may not suit this one. */
function pythonEnvironment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _, ...rest } = process.env;
  return rest;
}
