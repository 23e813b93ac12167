import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomVars } from '@residual/blocks';
import { seededRandom } from '@residual/vision';
import sharp from 'sharp';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tinyOptions } from '../test/tiny.mjs';
import { shuffledBatches } from './batches.ts';
import { type DataSet, subset } from './data-set.ts';
import { checkpointFolder } from './node/checkpoint-folder.ts';
import { readImageFolder } from './node/image-folder.ts';
import { recipeBatches } from './node/recipe-batches.ts';
import { threadedBatches } from './node/threaded-batches.ts';
import { batchOptions, type Recipe } from './recipe.ts';
import { imagenetV2 } from './recipes/imagenet-v2.ts';
import type { Batch } from './step-runner.ts';
import { train } from './train.ts';
import { TrainError } from './train-error.ts';

const module = new URL('../test/threaded-data.mjs', import.meta.url);
const recipe: Recipe = {
  ...imagenetV2,
  batchSize: 8,
  sizePx: 24,
  augment: [{ randomResizedCrop: { sizePx: 24 } }, ...imagenetV2.augment!.slice(1)],
};

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'residual-threads-'));
  for (const name of ['cats', 'dogs']) {
    await mkdir(join(folder, 'pictures', name), { recursive: true });
    for (let index = 0; index < 14; index++)
      await writeFile(join(folder, 'pictures', name, `${index}.jpg`), await picture(index));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function picture(index: number): Promise<Buffer> {
  const random = seededRandom(1, index);
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, () => 256 * random());
  return sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
    .jpeg()
    .toBuffer();
}

async function gathered(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Threads give what the main thread gives, to the bit, from the start and from the middle. */
async function expectSame(data: DataSet, threads: number): Promise<void> {
  const expected = shuffledBatches(data, batchOptions(recipe, 7));
  const got = await recipeBatches(data, recipe, 7, { threads });
  try {
    expect([got.batchShape, got.numClasses, got.stepsPerEpoch]).toEqual([
      expected.batchShape,
      expected.numClasses,
      expected.stepsPerEpoch,
    ]);
    for (const [epoch, first] of [
      [0, 0],
      [3, 1],
    ] as const)
      expect(await gathered(got.batches(epoch, first))).toEqual(await gathered(expected.batches(epoch, first)));
  } finally {
    await got.close();
  }
}

describe('threads make the batches of the main thread, bit for bit', () => {
  test.each([1, 3])('of an image folder, decoded and augmented by %d', async (threads) => {
    await expectSame(await readImageFolder(join(folder, 'pictures')), threads);
  });

  test('of a part of a part of it', async () => {
    const whole = await readImageFolder(join(folder, 'pictures'));
    const part = subset(
      subset(whole, (index) => index !== 3),
      (index) => index % 5 > 0,
    );
    await expectSame(part, 2);
  });

  test('of a data set that says how a thread opens it, and of a module', async () => {
    const tiny: DataSet = {
      size: 40,
      classes: [],
      read: () => expect.fail('read on the main thread'),
      portable: { module: module.href, data: { size: 40 } },
    };
    const { augment: _, ...plain } = recipe;
    const data = await recipeBatches(tiny, { ...plain, sizePx: 8 }, 1, { threads: 1 });
    expect([data.stepsPerEpoch, data.numClasses]).toEqual([5, 4]);
    await data.close();
    const mix = { mixup: 0.2, cutmix: 1 };
    const threaded = await threadedBatches(module, { mix }, { threads: 2, ahead: 1 });
    expect(await gathered(threaded.batches(2, 1))).toEqual(await gathered(tinyOptions(mix).data.batches(2, 1)));
    await threaded.close();
  });
});

test('a training that is stopped with its threads goes on to the same weights', async () => {
  const options = { ...tinyOptions(), initial: randomVars({ seed: 3 }) };
  const whole = await train(options);
  const checkpoints = checkpointFolder(join(folder, 'run'));
  let stops = 0;
  for (let isDone = false; !isDone; ) {
    const controller = new AbortController();
    const { signal } = controller;
    const data = await threadedBatches(module, {}, { threads: 2, signal });
    let left = 5;
    const onEvent = ({ kind }: { kind: string }): void => {
      // In the middle of the step after it, while the threads work.
      if (kind === 'step' && --left === 0) setImmediate(() => controller.abort());
    };
    const { stopped, stateDict } = await train({ ...options, data, checkpoints, signal, onEvent });
    await data.close();
    stops += Number(stopped);
    isDone = !stopped;
    if (isDone) expect(stateDict).toEqual(whole.stateDict);
  }
  expect(stops).toBeGreaterThan(2);
});

describe('what goes wrong in a thread', () => {
  const errorFrom = async (run: () => Promise<unknown>): Promise<TrainError> => {
    const error = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(TrainError.isInstance(error), String(error)).toBe(true);
    expect((error as TrainError).message).not.toMatch(/\n/);
    return error as TrainError;
  };
  const failing = async (failure: string): Promise<TrainError> => {
    const data = await threadedBatches(module, { failure }, { threads: 2 });
    try {
      return await errorFrom(() => gathered(data.batches(0, 0)));
    } finally {
      await data.close();
    }
  };

  test('an unreadable picture is the error of the main thread', async () => {
    const root = join(folder, 'damaged');
    for (const name of ['cats', 'dogs']) {
      await mkdir(join(root, name), { recursive: true });
      for (let index = 0; index < 4; index++) await writeFile(join(root, name, `${index}.jpg`), await picture(index));
    }
    await writeFile(join(root, 'dogs', '2.jpg'), 'no picture');
    const data = await readImageFolder(root);
    const expected = await errorFrom(() => gathered(shuffledBatches(data, batchOptions(recipe, 7)).batches(0, 0)));
    const threaded = await recipeBatches(data, recipe, 7, { threads: 2 });
    const got = await errorFrom(() => gathered(threaded.batches(0, 0)));
    await threaded.close();
    expect(got.message).toBe(expected.message);
    expect([got.code, got.place]).toEqual(['BAD_DATA', join(root, 'dogs', '2.jpg')]);
  });

  test('an error that is thrown, a thread that ends, a module that does not open', async () => {
    expect((await failing('throws')).message).toBe(
      'batch 4 of epoch 1: expected a batch from its thread, got an error: no such picture',
    );
    expect((await failing('ends')).message).toBe(
      'thread for data: expected batches, got its end: exit code 3; go on with fewer threads',
    );
    const atOnce = await errorFrom(() => threadedBatches(module, { failure: 'at once' }));
    expect(atOnce.message).toMatch(/threaded-data\.mjs: .*got an error: nothing here$/);
    const noExport = await errorFrom(() => threadedBatches(new URL('../test/tiny.mjs', import.meta.url), {}));
    expect(noExport.message).toMatch(/tiny\.mjs: expected an export 'trainingData', got none/);
    const absent = await errorFrom(() => threadedBatches(new URL('../test/none.mjs', import.meta.url), {}));
    expect(absent.message).toMatch(/none\.mjs: .*Cannot find module/);
  });

  test('a data set that no thread can open, threads that are closed, no threads', async () => {
    const data: DataSet = { size: 40, classes: ['a'], read: () => ({}) as never };
    expect((await errorFrom(() => recipeBatches(data, recipe, 1))).message).toMatch(/^data: .* take shuffledBatches$/);
    const closed = await threadedBatches(module, {}, { threads: 1 });
    await closed.close();
    expect((await errorFrom(() => gathered(closed.batches(0, 0)))).message).toMatch(/got closed ones/);
    expect((await errorFrom(() => threadedBatches(module, {}, { threads: 0 }))).message).toMatch(/^threads: .* got 0$/);
  });

  test('a signal ends a batch that never comes, and what is not yet open', async () => {
    const controller = new AbortController();
    const data = await threadedBatches(module, { failure: 'never' }, { threads: 1, signal: controller.signal });
    const waiting = gathered(data.batches(0, 0));
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(threadedBatches(module, {}, { signal: controller.signal })).rejects.toThrow('enough');
    const other = new AbortController();
    const opening = threadedBatches(module, {}, { signal: other.signal });
    other.abort(new Error('not yet'));
    await expect(opening).rejects.toThrow('not yet');
  });

  test('threads do not keep the process alive', () => {
    const script = resolve(import.meta.dirname, '../test/leaves-threads.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 30_000 });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '3072\n', stderr: '' });
  });
});
