import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImage } from '../read-image.ts';
import { type FetchImageOptions, fetchImage } from './fetch-image.ts';

let server: Server;
let address: string;
let picture: Buffer;
let response: ServerResponse;

/** Sends the same again and again, until nobody listens. */
function sendEndlessly(to: ServerResponse, bytes: Uint8Array): void {
  const send = (): void => {
    while (!to.destroyed && to.write(bytes));
  };
  to.on('drain', send);
  send();
}

const answers: Record<string, () => void> = {
  '/picture': () => response.end(picture),
  '/in-pieces': () => {
    let at = 0;
    const timer = setInterval(() => {
      response.write(picture.subarray(at, at + 1500));
      at += 1500;
      if (at < picture.length) return;
      clearInterval(timer);
      response.end();
    }, 60);
  },
  '/zeros': () => sendEndlessly(response, new Uint8Array(65536)),
  '/page': () => sendEndlessly(response, Buffer.from('<!doctype html><html>'.padEnd(3000, '\n'))),
  '/endless': () => sendEndlessly(response, picture),
  '/large': () => {
    response.setHeader('Content-Length', 2 ** 31);
    response.write(picture);
  },
  '/hang': () => undefined,
  '/pause': () => response.write(picture.subarray(0, 100)),
  '/refused': () => sendEndlessly(response.writeHead(500), new Uint8Array(65536)),
};

beforeAll(async () => {
  const pixels = Uint8Array.from({ length: 60 * 60 * 3 }, (_, at) => (at * at) % 251);
  picture = await sharp(pixels, { raw: { width: 60, height: 60, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  server = createServer((request, sent) => {
    response = sent;
    answers[request.url!]!();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('the file is what was sent, however slowly it comes', async () => {
  for (const path of ['/picture', '/in-pieces']) {
    const fetched = await fetchImage(`${address}${path}`, { stallTimeoutMs: 150, maxBytes: picture.length });
    expect(Buffer.from(await fetched.arrayBuffer()).equals(picture)).toBe(true);
  }
});

test.each<[path: string, got: string, options: FetchImageOptions]>([
  ['/large', 'more than 1,073,741,824 bytes', {}],
  ['/endless', 'more than 300,000 bytes', { maxBytes: 300_000 }],
  ['/hang', 'nothing for 0.2 s', { stallTimeoutMs: 200 }],
  ['/pause', 'nothing for 0.2 s', { stallTimeoutMs: 200 }],
  ['/refused', 'status 500', {}],
])('%s is an error, and its connection is closed', async (path, got, options) => {
  const failure = await fetchImage(`${address}${path}`, options).catch((error: unknown) => error);
  const message = `${address}${path}: expected a picture, got ${got}; check the address`;
  expect(failure).toMatchObject({ name: 'DecodeError', code: 'FILE_UNREADABLE', message });
  if (!response.destroyed) await once(response, 'close');
});

test.each([
  ['/zeros', 'got zero bytes alone; check the file'],
  ['/page', 'got a web page (HTML); the download went wrong: get the picture itself'],
])('%s, which has no end, is told by its beginning to be no picture', async (path, got) => {
  await expect(readImage(`${address}${path}`)).rejects.toThrow(got);
  if (!response.destroyed) await once(response, 'close');
});

test('what is noted of a picture is told of one at an address too', async () => {
  const told: unknown[] = [];
  await readImage(`${address}/picture`, { onNote: ({ code }, image) => told.push(code, image) });
  expect(told).toEqual(['ORIENTATION_NOT_APPLIED', `${address}/picture`]);
});
