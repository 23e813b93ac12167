import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPath, requirement } from '@residual/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { orderedBatches, shuffledBatches } from './batches.ts';
import { subset } from './data-set.ts';
import { readCifar10, readCifar100 } from './node/cifar.ts';
import type { CifarPixels } from './node/cifar-pixels.ts';
import { findUnreadable } from './node/find-unreadable.ts';
import { readImageFolder } from './node/image-folder.ts';
import { recipeBatches } from './node/recipe-batches.ts';
import { batchOptions } from './recipe.ts';
import { cifarShort } from './recipes/cifar-short.ts';
import type { Batch } from './step-runner.ts';

const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-data-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!requirement('data'))('CIFAR-10', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
  });

  test('has 5,000 and 1,000 pictures of each class, as pixels', async () => {
    for (const [split, size] of [
      ['train', 50000],
      ['test', 10000],
    ] as const) {
      const data = await readCifar10(folder, split);
      expect(data.size).toBe(size);
      const counts = new Array(10).fill(0);
      for (let index = 0; index < size; index++) counts[(await data.read(index)).label] += 1;
      expect(new Set(counts)).toEqual(new Set([size / 10]));
    }
    // The first training picture, a frog; its first pixel is in the PNG of every tutorial.
    const { image, label } = await (await readCifar10(folder, 'train')).read(0);
    expect([label, ...image.data.subarray(0, 3)]).toEqual([6, 59, 62, 63]);
  });

  test('threads share the pixels and make the same batches', async () => {
    const data = subset(await readCifar10(folder, 'test'), (index) => index % 100 === 3);
    expect((data.portable!.data as CifarPixels).pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    const recipe = { ...cifarShort, batchSize: 32 };
    const [threaded, expected] = [await recipeBatches(data, recipe, 5), shuffledBatches(data, batchOptions(recipe, 5))];
    const all = async (batches: AsyncIterable<Batch>) => {
      const gathered: Batch[] = [];
      for await (const batch of batches) gathered.push(batch);
      return gathered;
    };
    expect(await all(threaded.batches(1, 0))).toEqual(await all(expected.batches(1, 0)));
    await threaded.close();
  });

  test('batches are shuffled anew in each epoch, the same at each asking, and each picture comes once', async () => {
    const data = subset(await readCifar10(folder, 'test'), (index) => index < 100);
    const training = shuffledBatches(data, { ...plain, batchSize: 32, sizePx: 32, seed: 1 });
    expect(training.stepsPerEpoch).toBe(3);
    const read = async (epoch: number, first: number) => {
      const keys: string[] = [];
      for await (const { images } of training.batches(epoch, first))
        for (let row = 0; row < 32; row++) keys.push(images.subarray(row * 3072, row * 3072 + 64).join());
      return keys;
    };
    const [whole, again, rest, next] = [await read(0, 0), await read(0, 0), await read(0, 2), await read(1, 0)];
    expect(new Set(whole).size).toBe(96);
    expect(again).toEqual(whole);
    expect(rest).toEqual(whole.slice(64));
    expect(next).not.toEqual(whole);
    const counts: number[] = [];
    for await (const { count } of orderedBatches(data, { ...plain, batchSize: 64, sizePx: 32 })) counts.push(count);
    expect(counts).toEqual([64, 36]);
  });

  test('a file that is cut off, longer or changed is refused', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken);
    const file = join(broken, 'test_batch.bin');
    await expect(readCifar10(broken, 'test')).rejects.toThrow(
      /expected a file of CIFAR-10's binary version, got ENOENT/,
    );
    await copyFile(join(folder, 'test_batch.bin'), file);
    await truncate(file, 30_000_000);
    await expect(readCifar10(broken, 'test')).rejects.toThrow(/expected 30730000 bytes, got 30000000/);
    await appendFile(file, Buffer.alloc(730_000));
    await expect(readCifar10(broken, 'test')).rejects.toThrow(/expected MD5 803d5f7f4d78ea53de84dbe85f74fb6d, got /);
  });
});

test('CIFAR-100 has two labels, of which the fine one counts', async () => {
  const hundred = join(folder, 'hundred');
  await mkdir(hundred, { recursive: true });
  const names = Array.from({ length: 100 }, (_, index) => `class ${index}`);
  await writeFile(join(hundred, 'fine_label_names.txt'), `${names.join('\n')}\n`);
  const bytes = new Uint8Array(10000 * 3074);
  for (let index = 0; index < 10000; index++) bytes.set([index % 20, index % 100, index % 251], index * 3074);
  await writeFile(join(hundred, 'test.bin'), bytes);
  const data = await readCifar100(hundred, 'test');
  expect(data.classes).toEqual(names);
  const { image, label } = await data.read(137);
  expect([label, image.data[0], image.data[3]]).toEqual([37, 137, 0]);
  bytes[1] = 100;
  await writeFile(join(hundred, 'test.bin'), bytes);
  await expect(readCifar100(hundred, 'test')).rejects.toThrow(/expected labels below 100, got 100 in record 0/);
});

test('a folder of folders has their names as classes; what is no picture is named', async () => {
  const root = join(folder, 'pictures');
  for (const [name, color] of [
    ['red', '#f00'],
    ['blue', '#00f'],
  ] as const) {
    await mkdir(join(root, name, 'deep'), { recursive: true });
    const picture = sharp({ create: { width: 5, height: 4, channels: 3, background: color } });
    await picture
      .clone()
      .png()
      .toFile(join(root, name, 'a.png'));
    await picture.png().toFile(join(root, name, 'deep', 'b.png'));
  }
  const data = await readImageFolder(root);
  expect([data.size, ...data.classes]).toEqual([4, 'blue', 'red']);
  const { image, label } = await data.read(3);
  expect([label, image.width, image.height, ...image.data.subarray(0, 3)]).toEqual([1, 5, 4, 255, 0, 0]);
  await writeFile(join(root, 'red', 'broken.jpg'), 'no picture');
  const broken = await readImageFolder(root);
  await expect(Promise.resolve(broken.read(3))).rejects.toThrow(/broken\.jpg: expected [^\n]+$/);
  await expect(Promise.resolve(broken.read(3))).rejects.not.toThrow(/broken\.jpg.*broken\.jpg/);
  await expect(readImageFolder(join(root, 'red', 'deep'))).rejects.toThrow(/expected a folder per class, got none/);
  await expect(readImageFolder(join(root, 'absent'))).rejects.toThrow(/got ENOENT/);
});

describe('a folder of folders as people have them', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(folder, 'people '));
    const png = await sharp({ create: { width: 5, height: 4, channels: 3, background: '#080' } })
      .png()
      .toBuffer();
    await mkdir(join(root, 'a'));
    await mkdir(join(root, 'c d', 'deep'), { recursive: true });
    for (const name of ['a/0.png', 'a/1', 'a/2.jpg', 'c d/deep/3.png', 'beside.png', '.hidden.png'])
      await writeFile(join(root, name), png);
    await writeFile(join(root, 'a/notes.txt'), 'no picture');
    await writeFile(join(root, 'list.csv'), 'no picture');
  });

  test('pictures are told by content; what is none, and what has no class, is listed', async () => {
    const data = await readImageFolder(root);
    expect(data.files.map(({ path, label }) => [path.slice(root.length + 1), label])).toEqual([
      ['a/0.png', 0],
      ['a/1', 0],
      ['a/2.jpg', 0],
      ['c d/deep/3.png', 1],
    ]);
    expect([data.classes, data.others, data.hidden, data.unsorted]).toEqual([
      ['a', 'c d'],
      ['a/notes.txt', 'list.csv'],
      1,
      ['beside.png'],
    ]);
    expect(await data.read(1)).toMatchObject({ label: 0, image: { width: 5 } });
  });

  test.skipIf(process.platform === 'win32')('links are classes and pictures; those to nothing are errors', async () => {
    await symlink('c d', join(root, 'b'));
    await symlink('gone', join(root, 'a/gone.png'));
    const data = await readImageFolder(root);
    expect(data.classes).toEqual(['a', 'b', 'c d']);
    await expect(Promise.resolve(data.read(3))).rejects.toThrow(
      `${join(root, 'a/gone.png')}: expected a file or folder, got a link to nothing; mend or remove it`,
    );
    await symlink('gone', join(root, 'd'));
    await expect(readImageFolder(root)).rejects.toThrow(`${join(root, 'd')}: expected a file or folder, got a link`);
  });

  test('a class without pictures is an error by its name', async () => {
    await mkdir(join(root, 'e'));
    await expect(readImageFolder(root)).rejects.toThrow(`${join(root, 'e')}: expected pictures, got none; remove`);
    await writeFile(join(root, 'e', 'x.txt'), 'no picture');
    await expect(readImageFolder(root)).rejects.toThrow('expected pictures, got none among 1 file; remove');
  });

  test('those that cannot be decoded are found before they are needed', async () => {
    await writeFile(join(root, 'a/1.jpg'), '');
    await writeFile(join(root, 'c d/x.png'), 'no picture');
    const data = await readImageFolder(root);
    const seen: string[] = [];
    const found = await findUnreadable(data, { onImage: (path) => seen.push(path) });
    expect(seen).toEqual(data.files.map(({ path }) => path).filter((_, index) => index !== 2 && index !== 5));
    expect(found.map(({ index, path }) => [index, path])).toEqual([
      [2, join(root, 'a/1.jpg')],
      [5, join(root, 'c d/x.png')],
    ]);
    expect(found[0]!.problem).toMatch(/^[^\n]+1\.jpg: expected [^\n]+$/);
    expect(await findUnreadable(data, { enough: 3 })).toHaveLength(1);
    await expect(findUnreadable(data, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
