import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/fixtures.ts';
import { planRun, type RunFlags } from './run-settings.ts';
import { readTrainingParts } from './training-data.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('how pictures are read is planned with a run, and is what its data is read by', async () => {
  const folder = temporaryFolder();
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < 5; i++)
      await sharp({ create: { width: 40, height: 20, channels: 3, background: '#8b3' } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toFile(join(folder, name, `${i}.jpg`));
  }
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const flags: RunFlags = {
    out: 'run',
    model: 'resnet20',
    data: `folder:${folder}`,
    recipe: 'cifar-short',
    seed: '1',
    evaluateEvery: '1',
    device: 'native',
    precision: 'fp32',
  };
  const stored = await planRun(flags);
  expect(stored).not.toHaveProperty('decode');
  const { train, leftOut } = await readTrainingParts(stored.data, { decode: stored.decode });
  expect(leftOut).toEqual([]);
  expect((await train.read(0)).image).toMatchObject({ width: 40, height: 20 });
  expect(said.join('')).toContain(
    `note: 10 pictures carry an orientation that is not applied (first: ${folder}/cat/0.jpg)`,
  );

  said.length = 0;
  const turned = await planRun({ ...flags, orient: true, maxPixels: '800', grey16: 'high-byte' });
  expect(turned.decode).toEqual({ orient: true, maxPixels: 800, grey16: 'high-byte' });
  const parts = await readTrainingParts(turned.data, { decode: turned.decode });
  expect((await parts.train.read(0)).image).toMatchObject({ width: 20, height: 40 });
  expect((await parts.test.read(1)).image).toMatchObject({ width: 20, height: 40 });
  expect(said.join('')).not.toContain('note:');

  const small = await planRun({ ...flags, maxPixels: '799' });
  await expect(readTrainingParts(small.data, { decode: small.decode })).rejects.toThrow('of which none can');
  expect(said.join('')).toContain('raise --max-pixels');
});
