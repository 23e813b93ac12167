import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Weights as the native kernels packed them, choices that they measured, whether a GPU computes rightly, or a file left behind. */
export interface PackedFile {
  readonly fileName: string;
  readonly sizeBytes: number;
}

/** The files of the folder, which need not be there. */
export async function listPacked(folder: string): Promise<readonly PackedFile[]> {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => /\.(packed|part)$|^tuning-.*\.json$|^[\da-f]{64}\.txt$/.test(name))
    .sort();
  const files = await Promise.all(
    names.map(async (fileName) => {
      const status = await stat(join(folder, fileName)).catch(() => undefined);
      return status?.isFile() ? [{ fileName, sizeBytes: status.size }] : [];
    }),
  );
  return files.flat();
}

/** Removes them, also those that a program has mapped: it keeps what it has. Gives what was removed. */
export async function clearPacked(folder: string): Promise<readonly PackedFile[]> {
  const files = await listPacked(folder);
  await Promise.all(files.map(({ fileName }) => rm(join(folder, fileName), { force: true })));
  return files;
}
