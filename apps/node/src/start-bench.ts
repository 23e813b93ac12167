import { existsSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

interface Bench {
  runBench(flags: object, signal: AbortSignal): Promise<number>;
}

/**
 * Runs the benchmark of the clone that this command lies in: the other runtimes that it measures are no dependencies of
 * the published command.
 *
 * @throws UsageError elsewhere.
 */
export async function startBench(flags: object, signal: AbortSignal): Promise<number> {
  const entry = new URL('../../../tooling/bench/dist/index.js', import.meta.url);
  if (!existsSync(entry)) {
    throw new UsageError(
      'bench: expected a clone of the repository, which has the other runtimes to compare with, got an installed command; clone it and run pnpm residual bench there',
    );
  }
  const { runBench } = (await import(entry.href)) as Bench;
  return runBench(flags, signal);
}
