import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cifarShort } from '@residual/train';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/fixtures.ts';
import { abandonRun, createRun, type RunSettings, writeMetrics } from './run-folder.ts';

const settings: RunSettings = {
  model: 'resnet20',
  data: 'folder:flowers',
  seed: 1,
  recipe: cifarShort,
  evaluateEvery: 1,
  command: ['train'],
  versions: {},
};

test.each(['model.safetensors', 'report.html', 'checkpoints'])('a folder with %s in it is no new one', async (name) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), 'of another');
  await expect(createRun(folder, settings)).rejects.toThrow(
    `--out ${folder}: expected a new folder, got one with ${name} in it`,
  );
  expect(readFileSync(join(folder, name), 'utf8')).toBe('of another');
  expect(existsSync(join(folder, 'settings.json'))).toBe(false);
});

test('a run that was abandoned leaves room for another', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  await createRun(folder, settings);
  await expect(createRun(folder, settings)).rejects.toThrow('got one with a run');
  await writeMetrics(folder, []);
  await abandonRun(folder);
  await createRun(folder, settings);
  expect(existsSync(join(folder, 'notes.txt'))).toBe(true);
});
