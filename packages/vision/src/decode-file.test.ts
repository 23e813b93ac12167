import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { dataPath, requirement } from '@residual/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
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
  expect(digest((await decodeImage(bytes)).data)).toBe(plain);
  expect(digest((await decodeImage(bytes, { orient: true })).data)).toBe(oriented);
});

test('AVIF decodes, and a path and bytes give the same', async () => {
  const { width, height, data } = noiseImage(20, 12, 4);
  const smooth = sharp(Buffer.from(data), { raw: { width, height, channels: 3 } }).blur(3);
  const pixels = await smooth.clone().raw().toBuffer();
  const avif = await smooth.avif({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
  const image = await decodeImage(write('picture.avif', avif));
  expect([image.width, image.height]).toEqual([20, 12]);
  expect(Math.max(...image.data.map((value, i) => Math.abs(value - pixels[i]!)))).toBeLessThan(16);
  expect(digest((await decodeImage(new Uint8Array(avif).buffer)).data)).toBe(digest(image.data));
});

test('a file that was overwritten decodes to what it now holds', async () => {
  const path = write('changing.png', pictureBytes('rgb.png'));
  await decodeImage(path);
  write('changing.png', pictureBytes('grey.png'));
  expect(digest((await decodeImage(path)).data)).toBe(digest((await decodeImage(pictureBytes('grey.png'))).data));
});

describe('what is no whole picture is refused in one line that names it', () => {
  test.each([
    ['absent.png', undefined, 'FILE_UNREADABLE', 'no such file'],
    ['empty.png', '', 'FILE_EMPTY', 'got an empty file'],
    ['text.png', 'not a picture', 'NOT_AN_IMAGE', 'expected JPEG, PNG, WebP, GIF, TIFF or AVIF'],
    ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'NOT_AN_IMAGE', 'got svg'],
  ])('%s', async (name, content, code, said) => {
    const path = content === undefined ? join(folder, name) : write(name, content);
    const error = await failureOf(decodeImage(path));
    expect(error).toMatchObject({ code, source: path });
    expect(error.message).toContain(said);
    expect(error.message.startsWith(path)).toBe(true);
  });

  test('a folder', async () => {
    expect((await failureOf(decodeImage(folder))).message).toContain('got a folder');
  });

  test.each([
    ['rgb.png', 'IMAGE_DAMAGED'],
    ['rgb.jpeg', 'IMAGE_DAMAGED'],
    ['lossy.webp', 'IMAGE_DAMAGED'],
    ['palette.gif', 'IMAGE_DAMAGED'],
    ['rgb.tiff', 'NOT_AN_IMAGE'], // its directory is at the end
  ])('%s, truncated', async (name, code) => {
    const bytes = pictureBytes(name);
    const path = write(`cut-${name}`, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    expect(await failureOf(decodeImage(path))).toMatchObject({ code, source: path });
  });

  test('a picture of 0 pixels', async () => {
    const bytes = pictureBytes('rgb.png');
    bytes.writeUInt32BE(0, 16);
    expect((await failureOf(decodeImage(bytes))).code).toBe('IMAGE_DAMAGED');
  });
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

test('damaged bytes give pixels or a DecodeError, nothing else', async () => {
  const mutation = fc.record({
    name: fc.constantFrom(...files.map(([name]) => name)),
    at: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    }),
    length: fc.double({ min: 0.1, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ name, at, length }) => {
      const whole = Buffer.from(pictureBytes(name));
      for (const [where, value] of at) whole[Math.floor(where * whole.length)] = value;
      const bytes = whole.subarray(0, Math.ceil(length * whole.length));
      try {
        const { width, height, data } = await decodeImage(bytes, { maxPixels: 1e6 });
        expect(data.length).toBe(width * height * 3);
      } catch (error) {
        if (!DecodeError.isInstance(error)) throw error;
      }
    }),
    { numRuns: 300 },
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
