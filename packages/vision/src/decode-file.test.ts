import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { dataPath, requirement } from '@residual/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, readGolden } from '../golden/pixels.ts';
import { DecodeError } from './decode-error.ts';
import { decodeImage } from './decode-file.ts';
import { resizeAndCrop } from './preprocess.ts';
import { imagenet1kV1 } from './preset.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'residual-vision-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function pictureBytes(name: string): Buffer {
  return Buffer.from(files.find(([known]) => known === name)![3], 'base64');
}

async function failureOf(promise: Promise<unknown>): Promise<DecodeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!DecodeError.isInstance(error)) throw new Error(`expected a DecodeError, got ${error}`);
  expect(error.message).not.toContain('\n');
  return error;
}

test.each(files)('%s decodes to PIL’s pixels', async (_name, plain, oriented, base64) => {
  const bytes = Buffer.from(base64, 'base64');
  expect(digest((await decodeImage(bytes, { grey16: 'high-byte' })).data)).toBe(plain);
  expect(digest((await decodeImage(bytes, { grey16: 'high-byte', orient: true })).data)).toBe(oriented);
});

test('a path, bytes and a buffer give the same', async () => {
  const bytes = pictureBytes('rgb.png');
  const expected = digest((await decodeImage(bytes)).data);
  expect(digest((await decodeImage(write('picture', bytes))).data)).toBe(expected);
  expect(digest((await decodeImage(Uint8Array.from(bytes).buffer)).data)).toBe(expected);
});

test('a file that was overwritten decodes to what it now holds', async () => {
  const path = write('changing.png', pictureBytes('rgb.png'));
  await decodeImage(path);
  write('changing.png', pictureBytes('grey.png'));
  expect(digest((await decodeImage(path)).data)).toBe(digest((await decodeImage(pictureBytes('grey.png'))).data));
});

test('a 20,000 × 20,000 picture is refused before its pixels take memory', async () => {
  const png = pictureBytes('rgb.png');
  png.writeUInt32BE(20_000, 16);
  png.writeUInt32BE(20_000, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  const before = process.memoryUsage().rss;
  const error = await failureOf(decodeImage(png));
  expect(error.code).toBe('IMAGE_TOO_LARGE');
  expect(error.message).toContain('20000 × 20000 = 400000000 pixels; shrink it, or raise maxPixels');
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
});

test('maxPixels is the most that is decoded', async () => {
  expect((await decodeImage(pictureBytes('rgb.png'), { maxPixels: 23 * 14 })).width).toBe(23);
  expect((await failureOf(decodeImage(pictureBytes('rgb.png'), { maxPixels: 23 * 14 - 1 }))).code).toBe(
    'IMAGE_TOO_LARGE',
  );
});

describe.skipIf(!requirement('data'))('real pictures', () => {
  const pictures = requirement('data')
    ? readdirSync(dataPath('imagenet/images')).filter((name) => /\.(png|jpg)$/.test(name))
    : [];

  test('there are 14', () => expect(pictures.length).toBe(14));

  test.each(pictures)('%s: the crop has PIL’s pixels', async (name) => {
    const image = await decodeImage(dataPath('imagenet/images', name));
    const crop = await decodeImage(dataPath('imagenet/images/crops224', name.replace(/\.jpg$/, '.png')));
    expect(digest(resizeAndCrop(image, imagenet1kV1).data)).toBe(digest(crop.data));
  });
});
