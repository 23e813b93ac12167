import { KernelError } from './kernel-error.ts';

/** Whether this is Node, where memory can always be shared between threads. */
export function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}

/** Node: the physical cores, so that no thread waits for another's execution units. Pages: all, where they may be used. */
export async function defaultThreads(): Promise<number> {
  if (isNode()) return physicalCores();
  return globalThis.crossOriginIsolated === true ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
}

/** @throws KernelError (`BAD_OPTION`; `UNAVAILABLE` where memory cannot be shared) */
export function checkThreads(threads: number): void {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new KernelError('BAD_OPTION', `threads: expected a whole number from 1 to 1024, got ${threads}`);
  }
  if (threads > 1 && !isNode() && globalThis.crossOriginIsolated !== true) {
    throw new KernelError(
      'UNAVAILABLE',
      `threads: expected 1 in a page that is not cross-origin isolated, got ${threads}; serve it with the headers COOP and COEP`,
    );
  }
}

async function physicalCores(): Promise<number> {
  const { availableParallelism } = await import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:os');
  const logical = availableParallelism();
  const physical = await linuxCores();
  return physical === 0 ? logical : Math.min(physical, logical);
}

/** Counts the cores that Linux lists, each with its first sibling; 0 where there is no such list. */
async function linuxCores(): Promise<number> {
  const { readdir, readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises');
  const folder = '/sys/devices/system/cpu';
  const cpus = (await readdir(folder).catch(() => [])).filter((name) => /^cpu\d+$/.test(name));
  const siblings = cpus.map((cpu) =>
    readFile(`${folder}/${cpu}/topology/thread_siblings_list`, 'utf8').catch(() => ''),
  );
  return new Set((await Promise.all(siblings)).filter((list) => list !== '')).size;
}
