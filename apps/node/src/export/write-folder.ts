import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';

/** Says in a folder that it was written here, and so may be replaced. TensorFlow leaves `assets.extra` to others. */
const MARK = 'assets.extra/residual.json';

type Chunks = readonly Uint8Array[];

/** @throws UsageError where `out` exists and is anything but an empty folder or one that `writeFolder` wrote. */
export async function checkReplaceable(out: string): Promise<void> {
  let found: string[];
  try {
    found = await readdir(out, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new UsageError(`${out}: expected a new folder, got a file; choose another name`);
    throw unwritable(out, error);
  }
  const own = ['saved_model.pb', 'assets.extra', MARK];
  const stranger = found.find((path) => !own.includes(path.replaceAll('\\', '/')));
  if (stranger === undefined && (found.length === 0 || found.includes(join(MARK)))) return;
  const what = stranger === undefined ? 'one that another program wrote' : `one with ${stranger} in it`;
  throw new UsageError(`${out}: expected a new folder, or one that residual wrote, got ${what}; choose another name`);
}

/**
 * Writes a folder so that it is there whole or not at all: under a temporary name beside it, then renamed.
 *
 * @throws UsageError where it cannot be written, or would replace something of others.
 */
export async function writeFolder(out: string, files: ReadonlyMap<string, Chunks>): Promise<void> {
  await checkReplaceable(out);
  const target = resolve(out);
  const beside = (suffix: string) => join(dirname(target), `.${basename(target)}.${randomUUID()}.${suffix}`);
  const temporary = beside('tmp');
  const former = beside('old');
  try {
    await mkdir(temporary);
    await mkdir(join(temporary, 'assets.extra'));
    for (const [name, chunks] of [...files, [MARK, [new TextEncoder().encode('{}\n')]] as const]) {
      await writeToDisk(join(temporary, name), chunks);
    }
    const isReplaced = await rename(target, former).then(
      () => true,
      () => false,
    );
    await rename(temporary, target).catch(async (error: unknown) => {
      if (isReplaced) await rename(former, target);
      throw error;
    });
    await rm(former, { recursive: true, force: true });
  } catch (error) {
    throw unwritable(out, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function writeToDisk(path: string, chunks: Chunks): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unwritable(out: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new UsageError(`${out}: could not be written (${code}); check the folder and its space`);
}
