import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { UsageError } from './usage-error.ts';

/** What may be lost where a command writes a file. */
export interface Target {
  /** Files and folders that the command reads: never replaced, by whatever name. What is no file there is passed over. */
  readonly inputs: readonly (string | undefined)[];
  /** Whether another file may be replaced. */
  readonly force?: boolean | undefined;
}

/**
 * Refuses a file that must not be written, before work is put into what would be in it: for every command that writes to a
 * name that it is given.
 *
 * @throws UsageError where `path` is one of the inputs, or lies in one, also by a link; and where it exists without `force`.
 */
export async function checkTarget(path: string, { inputs, force = false }: Target): Promise<void> {
  // A link that leads nowhere is something too.
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined) return;
  for (const input of inputs) {
    if (input !== undefined && (await isSameOrWithin(path, input)))
      throw new UsageError(
        `${path}: expected another file than those that are read, got ${input}; choose another name`,
      );
  }
  if ((await stat(path).catch(() => entry)).isDirectory())
    throw new UsageError(`${path}: expected a file's name, got a folder; choose another name`);
  if (!force)
    throw new UsageError(`${path}: expected a new file, got one that is there; choose another name, or add --force`);
}

/** Hard links have other paths and the same number; files in a folder have the folder's path. */
async function isSameOrWithin(path: string, input: string): Promise<boolean> {
  const [status, read] = await Promise.all([identify(path), identify(input)]);
  if (status === undefined || read === undefined) return false;
  if (status.dev === read.dev && status.ino === read.ino) return true;
  if (!read.isDirectory()) return false;
  const folder = await realpath(input);
  const places = [await realpath(path), await realpath(dirname(path))];
  return places.some((place) => `${place}${sep}`.startsWith(`${folder}${sep}`));
}

/** What a path leads to, by exact numbers; `undefined` where that is nothing. */
function identify(path: string): Promise<{ dev: bigint; ino: bigint; isDirectory(): boolean } | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}
