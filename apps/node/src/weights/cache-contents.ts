import { type CacheEntry, clearCache } from '@residual/weights/hub';
import { cacheFolder, folderCache } from '@residual/weights/node';
import Table from 'cli-table3';

/** Prints what the cache keeps. */
export async function listCache({ json = false }: { json?: boolean }): Promise<void> {
  const folder = cacheFolder();
  const entries = await folderCache(folder).list();
  if (json) {
    for (const entry of entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
    return;
  }
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  const files = entries.length === 1 ? '1 file' : `${entries.length} files`;
  if (entries.length > 0) process.stdout.write(`${cacheTable(entries)}\n`);
  process.stdout.write(`${folder}: ${files}, ${mebibytes(sizeBytes)}\n`);
}

/** Removes what the cache keeps, but for what is being downloaded right now. */
export async function emptyCache(): Promise<void> {
  const folder = cacheFolder();
  const { count, sizeBytes } = await clearCache(folderCache(folder));
  process.stdout.write(`${folder}: removed ${count === 1 ? '1 file' : `${count} files`}, ${mebibytes(sizeBytes)}\n`);
}

function cacheTable(entries: readonly CacheEntry[]): string {
  const table = new Table({
    head: ['file', 'size', 'from'],
    colAligns: ['left', 'right', 'left'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  });
  for (const { fileName, sizeBytes, isWhole, url } of entries) {
    table.push([isWhole ? fileName : `${fileName} (in part)`, mebibytes(sizeBytes), url]);
  }
  return table.toString();
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
