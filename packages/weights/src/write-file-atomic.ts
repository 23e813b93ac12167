import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WeightsSourceError } from './weights-source-error.ts';

/**
 * Writes a file so that at any moment there is the old one or the whole new one: to a temporary name in the same
 * folder, to the disk, then renamed. After a failure the temporary file is gone.
 *
 * @throws WeightsSourceError where it cannot be written; what `chunks` throws is passed on as it is.
 */
export async function writeFileAtomic(
  path: string,
  chunks: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const guard = <T>(work: Promise<T>) => work.catch((cause) => Promise.reject(unwritable(path, cause)));
  const handle = await guard(open(temporary, 'wx'));
  try {
    try {
      for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
        await guard(handle.writeFile(chunk));
      }
      await guard(handle.sync());
    } finally {
      await handle.close();
    }
    await guard(rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function unwritable(path: string, cause: unknown): WeightsSourceError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new WeightsSourceError('unwritable', path, `could not be written (${code}); check the folder and its space`, {
    cause,
  });
}
