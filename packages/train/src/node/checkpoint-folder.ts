import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTensors, readWeightsIndex, sourceFromBytes, writeSafetensors } from '@residual/weights';
import type { Checkpoint, CheckpointStore, TrainingProgress } from '../checkpoint.ts';
import { TrainError } from '../train-error.ts';

export interface CheckpointFolderOptions {
  /** How many of the newest stay, besides the best; default 2. */
  readonly keep?: number;
}

const STATE_FILE = 'state.safetensors';
const PROGRESS_FILE = 'progress.json';
const STEP_NAME = /^step-(\d{8,})$/;
const LEFT_OVER = /^\.(new|old)-/;

interface ProgressFile {
  readonly progress: TrainingProgress;
  /** Of the state's file. */
  readonly sha256: string;
}

/**
 * Checkpoints as folders `step-00000390` of a folder, each with `state.safetensors` and `progress.json`. One is written
 * beside the others, brought to the disk, then renamed, and renamed before it is removed: a killed process leaves whole
 * ones only.
 */
export function checkpointFolder(folder: string, { keep = 2 }: CheckpointFolderOptions = {}): CheckpointStore {
  return {
    async save(checkpoint) {
      const name = `step-${`${checkpoint.progress.step}`.padStart(8, '0')}`;
      const temporary = join(folder, `.new-${randomUUID()}`);
      try {
        await mkdir(temporary, { recursive: true });
        await writeCheckpoint(temporary, checkpoint);
        await remove(folder, name);
        await rename(temporary, join(folder, name));
        await syncFolder(folder);
        await prune(folder, keep, checkpoint.progress.best?.step);
      } catch (cause) {
        await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
        const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
        const problem = `expected to write a checkpoint, got ${code}; make space or take another folder, then go on from the last`;
        throw new TrainError('UNWRITABLE', join(folder, name), problem, cause);
      }
    },
    async latest() {
      const [newest] = await stepsIn(folder);
      return newest === undefined ? undefined : readCheckpoint(join(folder, newest.name));
    },
  };
}

/** @throws TrainError `BAD_CHECKPOINT` where it is not whole. */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const damaged = (what: string, cause?: unknown): TrainError =>
    new TrainError('BAD_CHECKPOINT', folder, `expected a whole checkpoint, got ${what}; remove this folder`, cause);
  try {
    const { progress, sha256 } = JSON.parse(await readFile(join(folder, PROGRESS_FILE), 'utf8')) as ProgressFile;
    const bytes = await readFile(join(folder, STATE_FILE));
    if (hash(bytes) !== sha256) throw damaged('a state of another SHA-256');
    const source = sourceFromBytes(bytes, STATE_FILE);
    const state = new Map<string, Float32Array>();
    const { stateDicts } = await readWeightsIndex(source);
    for await (const [name, { data }] of readTensors(source, stateDicts[0]!.tensors))
      state.set(name, data as Float32Array);
    return { progress, state };
  } catch (error) {
    if (TrainError.isInstance(error)) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

async function writeCheckpoint(folder: string, { progress, state }: Checkpoint): Promise<void> {
  const bytes = writeSafetensors(new Map([...state].map(([name, data]) => [name, { shape: [data.length], data }])));
  await writeThrough(join(folder, STATE_FILE), bytes);
  const content: ProgressFile = { progress, sha256: hash(bytes) };
  await writeThrough(join(folder, PROGRESS_FILE), new TextEncoder().encode(`${JSON.stringify(content)}\n`));
  await syncFolder(folder);
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Brings a folder's names to the disk; Windows does so by itself, and opens no folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function prune(folder: string, keep: number, best: number | undefined): Promise<void> {
  const steps = await stepsIn(folder);
  for (const { name, step } of steps.slice(keep)) if (step !== best) await remove(folder, name);
  for (const name of await readdir(folder))
    if (LEFT_OVER.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

async function remove(folder: string, name: string): Promise<void> {
  const doomed = join(folder, `.old-${randomUUID()}`);
  const isThere = await rename(join(folder, name), doomed).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (isThere) await rm(doomed, { recursive: true, force: true });
}

/** The newest first. */
async function stepsIn(folder: string): Promise<{ name: string; step: number }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const digits = STEP_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [{ name, step: Number(digits) }];
    })
    .sort((a, b) => b.step - a.step);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
