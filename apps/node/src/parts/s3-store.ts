import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listObjects, readText, removeObject, writeObject } from '../s3/s3-objects.ts';
import type { PartStore } from './part-store.ts';

/**
 * Parts in S3, where an object appears when it is whole. Nothing there keeps two processes apart: those of one shard write the
 * same twice.
 */
export async function openS3Store(prefix: string, signal: AbortSignal): Promise<PartStore> {
  const folder = await mkdtemp(join(tmpdir(), 'residual-parts-'));
  const place = (name: string): string => `${prefix}${name}`;
  const scratch = (name: string): string => join(folder, name);
  return {
    called: place,
    scratch,
    list: async () => new Set((await listObjects(prefix, signal)).map((address) => address.slice(prefix.length))),
    readText: (name) => readText(place(name), signal),
    writeText: (name, text) => writeObject(place(name), { text }, signal),
    async publish(name) {
      await writeObject(place(name), { path: scratch(name) }, signal);
      await rm(scratch(name));
    },
    remove: (name) => removeObject(place(name), signal),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
