import { setTimeout as sleep } from 'node:timers/promises';
import { tryFolderLock } from '@residual/weights/node';
import { UsageError } from './usage-error.ts';

/** After so long the lock of a process that was ended on another machine, or in a container, is abandoned. */
const PATIENCE_MS = 20_000;

/**
 * Waits for the lock file at `path`, and gives its release.
 *
 * @throws UsageError where another process keeps it; `next` says what to do.
 */
export async function lockFolder(
  path: string,
  next: string,
  patienceMs: number = PATIENCE_MS,
): Promise<() => Promise<void>> {
  const startMs = performance.now();
  for (;;) {
    const release = await tryFolderLock(path);
    if (release !== undefined) return release;
    if (performance.now() - startMs > patienceMs)
      throw new UsageError(`${path}: expected to be the only one at work on it, but another process is; ${next}`);
    await sleep(200);
  }
}
