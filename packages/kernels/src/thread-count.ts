import { importBuiltin } from '../plain/import-builtin.js';
import { KernelError } from './kernel-error.ts';

/** Whether this is Node, where memory can always be shared between threads. */
export function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}

/** Node: the physical cores, so that no thread waits for another's execution units. Pages: all, where they may be used. */
export async function defaultThreads(): Promise<number> {
  if (isNode()) return physicalCores();
  return whyOneThread() === undefined ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
}

/** What keeps this page or worker from more than one thread, and what helps. */
function whyOneThread(): { readonly where: string; readonly next: string } | undefined {
  if (isNode()) return undefined;
  if (globalThis.crossOriginIsolated !== true)
    return { where: 'in a page that is not cross-origin isolated', next: 'serve it with the headers COOP and COEP' };
  if (typeof Worker === 'undefined')
    return { where: 'where no worker can be started, as in a service worker', next: 'compile in a page or a worker' };
  return undefined;
}

/** @throws KernelError (`BAD_OPTION`; `UNAVAILABLE` where memory cannot be shared) */
export function checkThreads(threads: number): void {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new KernelError('BAD_OPTION', `threads: expected a whole number from 1 to 1024, got ${threads}`);
  }
  const reason = threads > 1 ? whyOneThread() : undefined;
  if (reason === undefined) return;
  throw new KernelError('UNAVAILABLE', `threads: expected 1 ${reason.where}, got ${threads}; ${reason.next}`);
}

async function physicalCores(): Promise<number> {
  const { availableParallelism } = await importBuiltin<typeof import('node:os')>('node:os');
  const logical = availableParallelism();
  const physical = await linuxCores();
  return physical === 0 ? logical : Math.min(physical, logical);
}

/** Counts the cores that Linux lists, each with its first sibling; 0 where there is no such list. */
async function linuxCores(): Promise<number> {
  const { readdir, readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  const folder = '/sys/devices/system/cpu';
  const cpus = (await readdir(folder).catch(() => [])).filter((name) => /^cpu\d+$/.test(name));
  const siblings = cpus.map((cpu) =>
    readFile(`${folder}/${cpu}/topology/thread_siblings_list`, 'utf8').catch(() => ''),
  );
  return new Set((await Promise.all(siblings)).filter((list) => list !== '')).size;
}
