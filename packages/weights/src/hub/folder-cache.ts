import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFileSource } from '../file-source.ts';
import { hashFile } from '../hash-file.ts';
import { cacheError } from './cache-error.ts';
import { tryFolderLock, withFolderLock } from './folder-lock.ts';
import { FolderPartial, readJournal, type StoredRecord } from './folder-partial.ts';
import type { CacheEntry, PartialFile, StoredFile, WeightsCache } from './weights-cache.ts';

/** A cache in a folder, which several processes, and machines that share it, may use at once. */
export function folderCache(folder: string): WeightsCache {
  const folderOf = (url: string) => join(folder, createHash('sha256').update(url).digest('hex').slice(0, 20));
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw cacheError(folder, error);
    }
  };
  return {
    name: folder,
    open: (url) => guard(() => openStored(folderOf(url), url)),
    partial: (url) => guard(async () => guarded(await FolderPartial.open(folderOf(url)), guard)),
    async lock(url, signal, work) {
      const path = `${folderOf(url)}.lock`;
      await guard(() => mkdir(folder, { recursive: true }));
      return withFolderLock(path, signal, work);
    },
    list: () => guard(() => listFolder(folder)),
    delete: (url) => guard(() => deleteEntry(folderOf(url))),
  };
}

async function openStored(folder: string, url: string): Promise<StoredFile | undefined> {
  const record = await readRecord(folder);
  if (record === undefined || record.url !== url) return undefined;
  const path = join(folder, record.fileName);
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return undefined;
  const isAsStored = status.size === record.sizeBytes && status.mtimeMs === record.mtimeMs;
  if (!isAsStored && (await hashFile(path)) !== record.sha256) {
    await rm(path, { force: true });
    return undefined;
  }
  const { mtimeMs, ...info } = record;
  return { ...(await openFileSource(path)), info };
}

async function readRecord(folder: string): Promise<StoredRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, 'info.json'), 'utf8')) as StoredRecord;
    const isUsable = typeof record.fileName === 'string' && basename(record.fileName) === record.fileName;
    return isUsable ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Failures of the disk said as the cache's. */
function guarded(partial: FolderPartial, guard: <T>(work: () => Promise<T>) => Promise<T>): PartialFile {
  return {
    get identity() {
      return partial.identity;
    },
    get segments() {
      return partial.segments;
    },
    begin: (identity) => guard(() => partial.begin(identity)),
    write: (index, bytes) => guard(() => partial.write(index, bytes)),
    read: (index) => guard(() => partial.read(index)),
    open: () => guard(() => partial.open()),
    commit: (info) => guard(() => partial.commit(info)),
    discard: () => guard(() => partial.discard()),
    close: () => guard(() => partial.close()),
  };
}

async function listFolder(folder: string): Promise<CacheEntry[]> {
  const names = await readdir(folder).catch(() => []);
  const entries = await Promise.all(
    names.filter((name) => /^[0-9a-f]{20}$/.test(name)).map((name) => describeEntry(join(folder, name))),
  );
  return entries.filter((entry) => entry !== undefined);
}

async function describeEntry(folder: string): Promise<CacheEntry | undefined> {
  const record = await readRecord(folder);
  const sizeBytes = await folderSize(folder);
  if (record !== undefined) {
    const data = await stat(join(folder, record.fileName)).catch(() => undefined);
    if (data?.size === record.sizeBytes) {
      return { url: record.url, fileName: record.fileName, sizeBytes, isWhole: true };
    }
  }
  const url = (await readJournal(join(folder, 'journal')))?.identity.url ?? record?.url;
  if (url === undefined) return undefined;
  return { url, fileName: basename(new URL(url).pathname), sizeBytes, isWhole: false };
}

/** Bytes on the disk, which of a partial file are those that came. */
async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const status = await stat(join(folder, name)).catch(() => undefined);
      return status === undefined ? 0 : Math.min(status.size, status.blocks * 512 || status.size);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function deleteEntry(folder: string): Promise<number> {
  const release = await tryFolderLock(`${folder}.lock`);
  if (release === undefined) return 0;
  try {
    const sizeBytes = await folderSize(folder);
    await rm(folder, { recursive: true, force: true });
    return sizeBytes;
  } finally {
    await release();
  }
}
