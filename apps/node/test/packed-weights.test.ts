import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirement } from '@residual/testing';
import { samplePictures } from '@residual/weights-cifar10';
import { expect, onTestFinished, test } from 'vitest';
import { residual } from './run-command.ts';

test.skipIf(!requirement('native'))('packed weights are kept, listed, found again and cleared', async () => {
  const home = mkdtempSync(join(tmpdir(), 'residual-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const classify = ['classify', fileURLToPath(samplePictures()[0]!.url), '--device', 'native', '--json'];
  const run = async (args: string[], env = {}) =>
    (await residual(args, { env: { RESIDUAL_HOME: home, RESIDUAL_NO_PACKED: '', ...env } })).stdout;

  const answer = async (env = {}) => ({ ...JSON.parse(await run(classify, env)), ms: 0 });

  const plain = await answer({ RESIDUAL_NO_PACKED: '1' });
  expect(await run(['cache', 'list'])).toMatch(/weights: 0 files, 0\.0 MiB\n$/);
  expect(await answer()).toEqual(plain);
  expect(await answer()).toEqual(plain);
  const list = await run(['cache', 'list']);
  expect(list).toMatch(/\.packed │ [\d.]+ MiB │ packed for the native kernels │\n/);
  expect(list).toMatch(/packed: 1 file, [\d.]+ MiB\n$/);
  const tuned = JSON.parse(await run([...classify, '--tune']));
  expect({ ...JSON.parse(await run([...classify, '--tune'])), ms: 0 }).toEqual({ ...tuned, ms: 0 });
  expect(await run(['cache', 'list'])).toMatch(/tuning-.*\.json │ .* measured by the native kernels │\n/);
  expect(await run(['cache', 'clear'])).toMatch(/packed: removed \d files, [\d.]+ MiB\n$/);
  expect(await run(['cache', 'list'])).toMatch(/weights: 0 files, 0\.0 MiB\n$/);
});
