import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelName } from '@residual/serve';

/** What is in `FOLDER/NAME/VERSION`, whatever kind of weights; hidden entries are none. @throws where the folder can't be read */
export async function listModels(folder: string): Promise<readonly ModelName[]> {
  const names = await visible(folder);
  const models = names.map(async (name) =>
    (await visible(join(folder, name))).map((version): ModelName => ({ name, version })),
  );
  return (await Promise.all(models)).flat();
}

async function visible(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder);
  return entries.filter((name) => !name.startsWith('.')).sort();
}
