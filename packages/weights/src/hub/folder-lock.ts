import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { sleep } from './attempts.ts';

interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/** A holder touches its lock so often; one untouched for several times as long is abandoned, wherever it ran. */
const HEARTBEAT_MS = 2000;
const ABANDONED_MS = 15_000;
const POLL_MS = 50;

/**
 * Runs `work` while this is the only holder of the lock file at `path`, among all processes that see the folder. The lock
 * of a process that has died on this machine is taken over at once.
 */
export async function withFolderLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const release = await tryFolderLock(path);
    if (release !== undefined) {
      try {
        return await work();
      } finally {
        await release();
      }
    }
    await sleep(POLL_MS * (0.5 + Math.random()), signal);
  }
}

/**
 * The release of the lock file at `path`, or `undefined` where another process, here or on a machine that sees the folder,
 * holds it; folders above it are made. A holder that has died on this machine is replaced at once, one elsewhere when its
 * lock has not been touched for 15 seconds.
 */
export async function tryFolderLock(path: string): Promise<(() => Promise<void>) | undefined> {
  await mkdir(dirname(path), { recursive: true });
  const mine: Holder = { id: randomUUID(), pid: process.pid, host: hostname() };
  if (!(await create(path, mine))) {
    if (!(await takeOver(path)) || !(await create(path, mine))) return undefined;
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await readHolder(path))?.id === mine.id) await rm(path, { force: true });
  };
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(JSON.stringify(holder));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves an abandoned lock out of the way, by a rename that only one of several can make. */
async function takeOver(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  if (!(await isAbandoned(path, holder))) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const moved = await readHolder(aside);
  const isTheOne = moved?.id === holder?.id;
  // Otherwise somebody else was faster and holds it by now: it goes back.
  if (!isTheOne) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return isTheOne;
}

async function isAbandoned(path: string, holder: Holder | undefined): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return false;
  if (Date.now() - status.mtimeMs > ABANDONED_MS) return true;
  return holder !== undefined && holder.host === hostname() && !isAlive(holder.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
