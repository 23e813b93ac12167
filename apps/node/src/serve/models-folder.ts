import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelName } from '@residual/serve';

/** What is in `FOLDER/NAME/VERSION`, whatever kind of weights; hidden entries are none. @throws where the folder can't be read */
export async function listModels(folder: string): Promise<readonly ModelName[]> {
  const models: ModelName[] = [];
  for (const name of await visible(folder)) {
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
