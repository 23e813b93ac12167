import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from '../lock-folder.ts';
import { UsageError } from '../usage-error.ts';
import type { PartStore } from './part-store.ts';

/** Parts in a folder, which is made; each appears in it by a rename. @throws UsageError */
export async function openFolderStore(folder: string, owner: string): Promise<PartStore> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${folder}: expected a folder that can be made, got ${cause.code}; name another --out`);
  });
  const release = await lockFolder(join(folder, owner), 'start each shard once');
  const place = (name: string): string => join(folder, name);
  // Neither a `*.parquet` nor a reader of folders takes these.
  const scratch = (name: string): string => join(folder, `.${name}.new`);
  const publish = async (name: string): Promise<void> => {
    const file = await open(scratch(name), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(scratch(name), place(name));
  };
  return {
    called: place,
    scratch,
    publish,
    list: async () => new Set(await readdir(folder)),
    readText: (name) => readFile(place(name), 'utf8').catch(absent),
    async writeText(name, text) {
      await writeFile(scratch(name), text);
      await publish(name);
    },
    remove: (name) => rm(place(name), { force: true }),
    close: release,
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
