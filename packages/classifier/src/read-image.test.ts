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
  if (request.url === '/picture.png') response.end(readFileSync(path));
  else if (request.url === '/text.png') response.end('no picture');
  else response.writeHead(404).end();
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
  ['a file: address', () => pathToFileURL(path).href],
  ['an address', () => `${address}/picture.png`],
  ['a URL', () => new URL(`${address}/picture.png`)],
  ['a data: URL', () => `data:image/png;base64,${readFileSync(path, 'base64')}`],
  ['a Buffer', () => readFileSync(path)],
  ['an ArrayBuffer', () => Uint8Array.from(readFileSync(path)).buffer],
  ['a Blob', () => new Blob([readFileSync(path)])],
  ['RGB pixels', () => expected],
  ['float pixels', () => ({ width: 5, height: 4, data: Float32Array.from(pixels, (value) => value / 255), range: 1 })],
  [
    '16-bit pixels',
    () => ({ width: 5, height: 4, data: Uint16Array.from(pixels, (value) => value * 257), range: 65535 }),
  ],
  ['a plain list of pixels', () => ({ width: 5, height: 4, channels: 3, data: Array.from(pixels), range: 255 })],
  ['RGBA pixels that say so', () => ({ width: 5, height: 4, channels: 4, data: rgba() })],
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
  ['a number', () => 7, 'got a number; decode it to'],
  ['a promise', async () => path, 'got a Promise: await it;'],
  ['pixels without a size', () => new Float32Array(60), 'got Float32Array without a size; decode it to'],
  ['what sharp gives', () => ({ data: pixels, info: {} }), 'got an object of data, info; decode it to'],
  [
    'a float picture',
    () => ({ width: 5, height: 4, channels: 3, data: Float32Array.from(pixels, (value) => value / 256) }),
    'image data: expected bytes (Uint8Array), or numbers with their range, got Float32Array of values from 0 to 0.96875; say which number is white: range: 1',
  ],
  [
    'floats that leave their range',
    () => ({ width: 1, height: 1, data: [0, 2, 0], range: 1 }),
    'got 2 at row 0, column 0, channel 1',
  ],
  ['nothing between quotes', () => '', 'image: expected a path or an address, got an empty string; name a file'],
  [
    'a batch',
    () => tf.zeros([1, 4, 5, 3]),
    'expected a tensor [height, width, 3], got [1, 4, 5, 3]; take a batch apart',
  ],
  ['a grey tensor', () => tf.zeros([4, 5, 1]), 'expected a tensor [height, width, 3], got [4, 5, 1]'],
  [
    'a float32 tensor up to 255',
    () => tf.fill([1, 1, 3], 255),
    'image data: expected numbers from 0 to 1, got 255 at row 0, column 0, channel 0',
  ],
  ['NaN', () => tf.fill([1, 1, 3], Number.NaN), 'from 0 to 1, got NaN at row 0'],
  [
    'a negative tensor',
    () => tf.fill([1, 1, 3], -1, 'int32'),
    'image data: expected numbers from 0 to 255, got -1 at row 0',
  ],
  ['a bool tensor', () => tf.zeros([1, 1, 3], 'bool'), 'expected an int32 or float32 tensor, got bool; cast it'],
  ['no such file', () => join(folder, 'absent.png'), 'no such file; check the path'],
  ['what is no picture at an address', () => `${address}/text.png`, '/text.png: expected'],
  ['a File', () => new File(['no picture'], 'holiday.jpg'), 'holiday.jpg: expected'],
  [
    'another protocol',
    () => 's3://bucket/a.png',
    's3://bucket/a.png: expected a file or an http:, https:, data: or file:',
  ],
  ['a URL of another protocol', () => new URL('ftp://host/a.png'), 'got ftp:; fetch it, and give its bytes'],
  ['no such address', () => `${address}/absent.png`, '/absent.png: expected a picture, got status 404'],
  ['a dead server', () => 'http://127.0.0.1:1/a.png', 'http://127.0.0.1:1/a.png: expected a picture, got'],
];

test.each(refused)('%s is refused in a line', async (_, make, message) => {
  await expect(readImage(make() as ImageInput)).rejects.toThrow(message);
});

function refusal(given: string): Promise<string> {
  return readImage(given).then(
    () => 'it was read',
    (error: Error) => error.message,
  );
}

test.each([
  ['JPEG', 'image/jpeg', () => sharp(path).resize(40, 40).jpeg().toBuffer()],
  ['PNG', 'image/png', () => sharp(path).resize(40, 40).png().toBuffer()],
  ['something', 'image/jpeg', async () => Buffer.alloc(40_741, 'a')],
])('%s in base64 is told what to write before it, and not repeated', async (_, type, make) => {
  const text = (await make()).toString('base64');
  const count = `${text.length.toLocaleString('en')} characters`;
  const expected = `image: expected a path or an address, got ${count} of base64; write data:${type};base64, before them`;
  expect(await refusal(text)).toBe(expected);
  expect(await refusal(text.replace(/.{76}/g, '$&\n'))).toContain(`of base64; write data:${type};base64,`);
  expect(await refusal(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))).toContain(
    'of base64; write',
  );
});

test('long texts are cut in messages, paths are not', async () => {
  const deep = join(folder, 'a'.repeat(70), 'b'.repeat(70), '9j', 'absent.png');
  await expect(readImage(deep)).rejects.toThrow(`${deep}: expected a picture, got no such file`);
  expect(await refusal('x y. '.repeat(1000))).toBe(
    'image: expected a path or an address, got 5,000 characters; name a file, or give its bytes',
  );
  const data = `data:image/png;base64,${'A'.repeat(5000)}`;
  expect(await refusal(data)).toMatch(/^data:image\/png;base64,A{18}…: expected /);
  expect((await refusal(`${data}%`)).length).toBeLessThan(250);
  expect((await refusal(`http://127.0.0.1:1/${'a'.repeat(900)}`)).length).toBeLessThan(250);
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
