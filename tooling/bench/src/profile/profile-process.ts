import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Engine, Profile } from '@residual/compile';
import { nativeEngine, wasmEngine } from '../runners/engines.ts';
import { higherLimits, type Limits, limitsOfEngine } from './limits.ts';
import { profileInference } from './profile-inference.ts';
import type { ProfileAnswer, ProfileJob } from './profile-job.ts';
import { profileTraining } from './profile-training.ts';

// A process that measures what its machine can do, then where the time of one model goes, and says both on one line.

const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string];
process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as ProfileJob))}\n`, () => process.exit());

async function answer(job: ProfileJob): Promise<ProfileAnswer> {
  const engine = await (job.engine === 'native' ? nativeEngine(job) : wasmEngine(job));
  const { available, reason } = await engine.isAvailable();
  if (!available) throw new Error(reason);
  const before = await limitsOf(job, engine);
  const { outputs: _, ...profile }: Profile = await (job.isTraining
    ? profileTraining(job, engine)
    : profileInference(job, engine));
  return { profile, limits: higherLimits(before, await limitsOf(job, engine)) };
}

async function limitsOf({ engine: name, precision, threads }: ProfileJob, engine: Engine): Promise<Limits> {
  if (name === 'wasm') return limitsOfEngine(engine);
  const { measureLimits } = await import('@residual/kernels/node');
  const { isa, multiplyAddsPerSecond, bytesPerSecond } = await measureLimits({
    precision,
    threads,
  });
  return { multiplyAddsPerSecond, bytesPerSecond, how: `${isa}'s multiply-adds in registers, memory copied` };
}
