import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { PixelImage } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ImageInput, readImage } from './read-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'residual read image '));
const path = join(folder, 'a picture.png');
const pixels = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => (i * 41) % 256);
const expected: PixelImage = { width: 5, height: 4, channels: 3, data: pixels };

const server = createServer((request, response) => {
  if (request.url !== '/picture.png') response.writeHead(404).end();
  else response.end(readFileSync(path));
});
let address: string;

beforeAll(async () => {
  await tf.setBackend('cpu');
  await sharp(pixels, { raw: { width: 5, height: 4, channels: 3 } }).toFile(path);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function rgba(): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 5 * 4 * 4 }, (_, i) => (i % 4 === 3 ? 9 : pixels[(i >> 2) * 3 + (i % 4)]!));
}

const kinds: [string, () => ImageInput][] = [
  ['a path', () => path],
  ['a file: URL', () => pathToFileURL(path)],
  ['an address', () => `${address}/picture.png`],
  ['a URL', () => new URL(`${address}/picture.png`)],
  ['a data: URL', () => `data:image/png;base64,${readFileSync(path, 'base64')}`],
  ['a Buffer', () => readFileSync(path)],
  ['an ArrayBuffer', () => Uint8Array.from(readFileSync(path)).buffer],
  ['a Blob', () => new Blob([readFileSync(path)])],
  ['RGB pixels', () => expected],
  ['RGBA pixels, as ImageData has them', () => ({ width: 5, height: 4, data: rgba() })],
  ['an int32 tensor', () => tf.tensor3d(pixels, [4, 5, 3], 'int32')],
  [
    'a float32 tensor',
    () =>
      tf.tensor3d(
        Float32Array.from(pixels, (value) => value / 255),
        [4, 5, 3],
      ),
  ],
];

test.each(kinds)('%s is read to the same pixels', async (_, make) => {
  const { width, height, channels, data } = await readImage(make());
  expect({ width, height, channels, data: Uint8Array.from(data) }).toEqual(expected);
});

const refused: [string, () => unknown, string][] = [
  [
    'nothing',
    () => undefined,
    'image: expected a path, URL, bytes, Blob, pixels, canvas, video or tensor, got undefined',
  ],
  ['a Map', () => new Map(), 'got Map; decode it to'],
  [
    'a batch',
    () => tf.zeros([1, 4, 5, 3]),
    'expected a tensor [height, width, 3], got [1, 4, 5, 3]; take a batch apart',
  ],
  ['a grey tensor', () => tf.zeros([4, 5, 1]), 'expected a tensor [height, width, 3], got [4, 5, 1]'],
  [
    'a float32 tensor up to 255',
    () => tf.fill([1, 1, 3], 255),
    'expected a float32 tensor of values from 0 to 1, got 255',
  ],
  ['NaN', () => tf.fill([1, 1, 3], Number.NaN), 'values from 0 to 1, got NaN'],
  [
    'a negative tensor',
    () => tf.fill([1, 1, 3], -1, 'int32'),
    'an int32 tensor of values from 0 to 255, got -1'.slice(3),
  ],
  ['a bool tensor', () => tf.zeros([1, 1, 3], 'bool'), 'expected an int32 or float32 tensor, got bool; cast it'],
  ['no such file', () => join(folder, 'absent.png'), 'no such file; check the path'],
  ['no such address', () => `${address}/absent.png`, '/absent.png: expected a picture, got status 404'],
  ['a dead server', () => 'http://127.0.0.1:1/a.png', 'http://127.0.0.1:1/a.png: expected a picture, got'],
];

test.each(refused)('%s is refused in a line', async (_, make, message) => {
  await expect(readImage(make() as ImageInput)).rejects.toThrow(message);
});

test('a signal ends it', async () => {
  await expect(readImage(path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  const hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(hanging.address() as { port: number }).port}/a.png`;
  const controller = new AbortController();
  const read = readImage(url, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(read).rejects.toThrow('enough');
  hanging.closeAllConnections();
  hanging.close();
});
