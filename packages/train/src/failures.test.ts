import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomVars } from '@residual/blocks';
import sharp from 'sharp';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { tinyOptions } from '../test/tiny.mjs';
import { shuffledBatches } from './batches.ts';
import { checkpointFolder, readCheckpoint } from './node/checkpoint-folder.ts';
import { readImageFolder } from './node/image-folder.ts';
import { train } from './train.ts';

const script = resolve(import.meta.dirname, '../test/train-and-be-killed.mjs');

let folder: string;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-failures-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32')(
  'no room for a checkpoint: one line, the last one intact, and a training that goes on when there is',
  async () => {
    // A process may write files of 4 KB, which is less than a state.
    const run = (limit: string, epochs: number) =>
      spawnSync('bash', ['-c', `${limit} exec "$0" "$@"`, process.execPath, script, folder, `${epochs}`], {
        encoding: 'utf8',
      });
    expect(run('', 1).status).toBe(0);
    const before = await readFile(join(folder, 'step-00000006', 'state.safetensors'));
    const { status, stderr } = run('ulimit -f 4;', 2);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /TrainError: .*step-00000008: expected to write a checkpoint, got EFBIG; make space or take another folder/,
    );
    expect((await readdir(folder)).filter((name) => name !== 'done.json')).toEqual(['step-00000004', 'step-00000006']);
    expect(await readFile(join(folder, 'step-00000006', 'state.safetensors'))).toEqual(before);
    expect(run('', 2).status).toBe(0);
    expect((await readCheckpoint(join(folder, 'step-00000012'))).progress.history).toHaveLength(2);
  },
  120_000,
);

test('a picture of a folder that is cut off ends the training by its name, with the checkpoint of the step before', async () => {
  for (const [label, name] of ['a', 'b', 'c', 'd'].entries()) {
    await mkdir(join(folder, 'pictures', name), { recursive: true });
    for (let index = 0; index < 8; index++) {
      const pixels = Uint8Array.from({ length: 192 }, (_, i) => (31 * i + 7 * index + 50 * label) % 256);
      const file = join(folder, 'pictures', name, `${index}.png`);
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } }).toFile(file);
    }
  }
  const damaged = join(folder, 'pictures', 'c', '5.png');
  const pixels = { batchSize: 8, sizePx: 8, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], seed: 1 } as const;
  const { evaluation: _, ...options } = tinyOptions();
  const run = async () =>
    train({
      ...options,
      initial: randomVars({ seed: 3 }),
      data: shuffledBatches(await readImageFolder(join(folder, 'pictures')), pixels),
      epochs: 2,
      checkpoints: checkpointFolder(join(folder, 'checkpoints'), { keep: 9 }),
    });
  await truncate(damaged, 60);
  const error: Error = await run().then(
    () => expect.fail('trained on a picture that is cut off'),
    (reason) => reason,
  );
  expect(error.message).toMatch(/^[^\n]+c.5\.png: expected [^\n]+$/);
  await writeFile(damaged, await readFile(join(folder, 'pictures', 'c', '4.png')));
  expect((await run()).progress.step).toBe(8);
});
