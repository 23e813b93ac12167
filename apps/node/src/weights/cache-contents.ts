import { type CacheEntry, clearCache } from '@residual/weights/hub';
import { cacheFolder, folderCache, packedFolder } from '@residual/weights/node';
import { print, printJson } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';
import { clearPacked, listPacked, type PackedFile } from './packed-files.ts';

type Line = Omit<CacheEntry, 'url'> & { readonly url?: string };

/** Prints what the cache keeps. */
export async function listCache({ json = false }: { json?: boolean }): Promise<void> {
  const entries = await folderCache(cacheFolder()).list();
  const packed = await listPacked(packedFolder());
  if (json) {
    for (const entry of [...entries, ...packed]) printJson(entry);
    return;
  }
  const lines = [...entries, ...packed.map(packedLine)];
  if (lines.length > 0) print(...cacheTable(lines));
  print(`${cacheFolder()}: ${summary(entries)}`);
  if (packed.length > 0) print(`${packedFolder()}: ${summary(packed)}`);
}

/** Removes what the cache keeps, but for what is being downloaded right now. */
export async function emptyCache(): Promise<void> {
  const { count, sizeBytes } = await clearCache(folderCache(cacheFolder()));
  print(`${cacheFolder()}: removed ${countFiles(count)}, ${mebibytes(sizeBytes)}`);
  const packed = await clearPacked(packedFolder());
  if (packed.length > 0) print(`${packedFolder()}: removed ${summary(packed)}`);
}

function packedLine({ fileName, sizeBytes }: PackedFile): Line {
  return { fileName, sizeBytes, isWhole: !fileName.endsWith('.part') };
}

function summary(files: readonly { readonly sizeBytes: number }[]): string {
  return `${countFiles(files.length)}, ${mebibytes(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}`;
}

function countFiles(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

function cacheTable(entries: readonly Line[]): readonly string[] {
  return textTable(
    [
      { head: 'file', cut: 'start' },
      { head: 'size', align: 'right' },
      { head: 'from', cut: 'end', leaveOut: 1 },
    ],
    entries.map(({ fileName, sizeBytes, isWhole, url }) => [
      isWhole ? fileName : `${fileName} (in part)`,
      mebibytes(sizeBytes),
      url ?? originOf(fileName),
    ]),
    { style: 'compact' },
  );
}

function originOf(fileName: string): string {
  if (fileName.includes('.txt')) return 'found of a GPU by webgpu';
  return fileName.endsWith('.json') ? 'measured by the native kernels' : 'packed for the native kernels';
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
