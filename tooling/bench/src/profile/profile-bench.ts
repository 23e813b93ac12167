import { fileURLToPath } from 'node:url';
import type { BenchHooks } from '../bench.ts';
import { BenchError } from '../bench-error.ts';
import type { Precision } from '../job.ts';
import { LineProcess } from '../line-process.ts';
import { describeCpu } from '../machine.ts';
import { type BenchOptions, candidates } from '../options.ts';
import type { ProfileAnswer, ProfileJob } from './profile-job.ts';
import { type Roofline, rooflineOf } from './roofline.ts';

/** One model on one engine. */
export interface ProfiledModel {
  readonly model: string;
  readonly batch: number;
  readonly engine: string;
  readonly precision: Precision;
  readonly device: string;
  readonly isTraining: boolean;
  readonly roofline: Roofline;
}

export interface ProfileReport {
  readonly cpu: string;
  readonly profiles: readonly ProfiledModel[];
  /** Who is missing, and why. */
  readonly missing: readonly { readonly engine: string; readonly reason: string }[];
}

/** Engines that see their steps, in Node. */
export const profiledEngines = ['native', 'wasm'] as const;

/** Profiles every model and batch on every engine, each in a process of its own, one after the other. */
export async function profileBench(
  options: BenchOptions,
  isTraining: boolean,
  { signal, say }: BenchHooks,
): Promise<ProfileReport> {
  const profiles: ProfiledModel[] = [];
  const missing = new Map<string, string>();
  for (const model of options.models) {
    for (const candidate of options.batches.flatMap((batch) => candidates(options, batch))) {
      signal.throwIfAborted();
      const { batch, precision } = candidate;
      const engine = profiledEngines.find((name) => name === candidate.engine)!;
      const { sizePx, threads, weightsFile, rounds: runs, isa } = options;
      const job = { engine, precision, model, batch, sizePx, threads, runs, weightsFile, isTraining };
      const name = precision === 'fp32' ? engine : `${engine} ${precision}`;
      say(`${model}, batch ${batch}: ${name}, ${runs} runs`);
      try {
        const { profile, limits } = await profileInProcess(job, isa, signal);
        const { device } = profile;
        profiles.push({ model, batch, engine, precision, device, isTraining, roofline: rooflineOf(profile, limits) });
      } catch (error) {
        if (!BenchError.isInstance(error)) throw error;
        say(error.message);
        missing.set(name, error.message);
      }
    }
  }
  const absent = [...missing].map(([engine, reason]) => ({ engine, reason }));
  return { cpu: describeCpu(), profiles, missing: absent };
}

async function profileInProcess(job: ProfileJob, isa: string | undefined, signal: AbortSignal): Promise<ProfileAnswer> {
  const env = isa === undefined ? process.env : { ...process.env, RESIDUAL_KERNELS_ISA: isa };
  const child = new LineProcess(job.engine, process.execPath, [childFile()], env);
  const stop = (): void => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await child.answer<ProfileAnswer>(job);
  } finally {
    signal.removeEventListener('abort', stop);
    await child.stop();
  }
}

/** A process needs JavaScript: from sources it is the built one. */
function childFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(
    new URL(isSource ? '../../dist/profile/profile-process.js' : './profile-process.js', import.meta.url),
  );
}
