import { type CacheEntry, clearCache } from '@residual/weights/hub';
import { cacheFolder, folderCache } from '@residual/weights/node';
import { print, printJson } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';

/** Prints what the cache keeps. */
export async function listCache({ json = false }: { json?: boolean }): Promise<void> {
  const folder = cacheFolder();
  const entries = await folderCache(folder).list();
  if (json) {
    for (const entry of entries) printJson(entry);
    return;
  }
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  const files = entries.length === 1 ? '1 file' : `${entries.length} files`;
  if (entries.length > 0) print(...cacheTable(entries));
  print(`${folder}: ${files}, ${mebibytes(sizeBytes)}`);
}

/** Removes what the cache keeps, but for what is being downloaded right now. */
export async function emptyCache(): Promise<void> {
  const folder = cacheFolder();
  const { count, sizeBytes } = await clearCache(folderCache(folder));
  print(`${folder}: removed ${count === 1 ? '1 file' : `${count} files`}, ${mebibytes(sizeBytes)}`);
}

function cacheTable(entries: readonly CacheEntry[]): readonly string[] {
  return textTable(
    [
      { head: 'file', cut: 'start' },
      { head: 'size', align: 'right' },
      { head: 'from', cut: 'end', leaveOut: 1 },
    ],
    entries.map(({ fileName, sizeBytes, isWhole, url }) => [
      isWhole ? fileName : `${fileName} (in part)`,
      mebibytes(sizeBytes),
      url,
    ]),
    { style: 'compact' },
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
