import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelName } from '@residual/serve';
import { UsageError } from '../usage-error.ts';

/** What is in `FOLDER/NAME/VERSION`, whatever kind of weights; hidden entries are none. @throws UsageError where there is no such folder */
export async function listModels(folder: string): Promise<readonly ModelName[]> {
  const models: ModelName[] = [];
  const names = await visible(folder).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--models: ${folder}: expected a folder with NAME/VERSION in it, got ${error.code}; check the path`,
    );
  });
  for (const name of names) {
    // A file beside the models' folders is none, nor is a folder that can't be read, such as lost+found.
    const versions = await visible(join(folder, name)).catch(() => []);
    models.push(...versions.map((version) => ({ name, version })));
  }
  return models;
}

async function visible(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder);
  return entries.filter((name) => !name.startsWith('.')).sort();
}
