import { existsSync } from 'node:fs';
import { checkTarget } from './check-target.ts';
import { UsageError } from './usage-error.ts';

/** What concerns the command; the benchmark knows the rest. */
interface BenchFlags {
  readonly plot?: string;
  readonly weights?: string;
  readonly force?: boolean;
}

interface Bench {
  runBench(flags: object, signal: AbortSignal): Promise<number>;
}

/**
 * Runs the benchmark of the clone that this command lies in: the other runtimes that it measures are no dependencies of
 * the published command.
 *
 * @throws UsageError elsewhere.
 */
export async function startBench(flags: BenchFlags, signal: AbortSignal): Promise<number> {
  const entry = new URL('../../../tooling/bench/dist/index.js', import.meta.url);
  if (!existsSync(entry)) {
    throw new UsageError(
      'bench: expected a clone of the repository, which has the other runtimes to compare with, got an installed command; clone it and run pnpm residual bench there',
    );
  }
  // A plot without a name replaces the last one.
  const { plot, weights, force } = flags;
  if (plot !== undefined) await checkTarget(plot, { inputs: [weights], force });
  const { runBench } = (await import(entry.href)) as Bench;
  return runBench(flags, signal);
}
