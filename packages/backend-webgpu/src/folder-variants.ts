import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VariantMemory } from './plan/measure-variants.ts';

/** Remembers in a folder, for Node: a small file for each key, which is written under another name and renamed. */
export function folderVariants(folder: string): VariantMemory {
  const fileOf = (key: string): string => join(folder, `${createHash('sha256').update(key).digest('hex')}.txt`);
  return {
    get: (key) => readFile(fileOf(key), 'utf8').catch(() => undefined),
    async set(key, value) {
      const file = fileOf(key);
      const part = `${file}.${process.pid}.part`;
      await mkdir(folder, { recursive: true });
      await writeFile(part, value);
      await rename(part, file);
    },
  };
}
