import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Batcher } from '../src/batching/batcher.ts';
import { ComputeTurns } from '../src/batching/compute-turns.ts';
import { Slots } from '../src/models/slots.ts';
import { EDGE, preparedPictures, startServer, tinyClassifier } from './fixtures.ts';

const good = JSON.stringify({
  inputs: [{ name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32', data: [...preparedPictures(1)] }],
});

function ask(address: string, path = '/v2/models/net/infer', body: BodyInit = good): Promise<Response> {
  return fetch(`${address}${path}`, { method: 'POST', body });
}

test('who leaves after the whole body holds nothing afterwards', async () => {
  const { address, faults } = await startServer({ limits: { bytes: 40_000 }, waitMs: 300, batchSize: 64 });
  for (let run = 0; run < 30; run++) {
    const leaving = new AbortController();
    const asked = fetch(`${address}/v2/models/net/infer`, { method: 'POST', body: good, signal: leaving.signal });
    await sleep(5);
    leaving.abort();
    await expect(asked).rejects.toThrow();
  }
  await expect.poll(async () => (await ask(address)).status).toBe(200);
  const metrics = async (): Promise<string> => (await fetch(`${address}/metrics`)).text();
  await expect.poll(metrics).toMatch(/^residual_held_bytes 0$/m);
  expect(await metrics()).toMatch(/^residual_held_pictures 0$/m);
  expect(faults).toEqual([]);
});

test('a slow batch does not refuse what comes when nothing waits any more', async () => {
  const turns = new ComputeTurns();
  let ms = 300;
  const compute = async (inputs: readonly Float32Array[]): Promise<number[]> => {
    await sleep(ms);
    return inputs.map(() => 1);
  };
  const batcher = new Batcher(compute, { batchSize: 1, waitMs: 0 }, turns, () => undefined);
  const { signal } = new AbortController();
  const submit = (withinMs?: number): Promise<number> =>
    batcher.submit(new Float32Array(1), {
      signal,
      trace: undefined,
      deadlineMs: withinMs === undefined ? undefined : performance.now() + withinMs,
    });
  expect(await submit()).toBe(1);
  ms = 1;
  expect(await submit(150)).toBe(1);
  // While one is computed, the next would come too late.
  ms = 300;
  await submit();
  const first = submit();
  await expect(submit(200)).rejects.toMatchObject({ status: 504 });
  await first;
  batcher.close();
  await expect(submit()).rejects.toMatchObject({ status: 503 });
});

test('an explanation is counted: a model that is loaded again waits for it; large pictures are refused as everywhere', async () => {
  const { address, faults } = await startServer({ pictures: { maxPixels: 400 } });
  const picture = await sharp({ create: { width: 19, height: 19, channels: 3, background: '#39c' } })
    .png()
    .toBuffer();
  const large = await sharp({ create: { width: 30, height: 30, channels: 3, background: '#39c' } })
    .png()
    .toBuffer();
  const headers = { 'Content-Type': 'image/png' };
  const explain = (body: Buffer): Promise<Response> =>
    fetch(`${address}/v1/explain`, { method: 'POST', body: body as unknown as BodyInit, headers });
  expect((await explain(large)).status).toBe(400);
  const asked = Array.from({ length: 4 }, () => explain(picture));
  expect((await ask(address, '/v2/repository/models/net/load', '')).status).toBe(200);
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(faults).toEqual([]);
});

test('a version that can not be loaded leaves the others ready', async () => {
  const versions = [{ name: 'net', version: '1' }];
  const { address } = await startServer({
    repository: {
      list: () => Promise.resolve(versions),
      load: ({ version }) => (version === '2' ? Promise.reject(new Error('no weights')) : tinyClassifier(1)),
    },
  });
  versions.push({ name: 'net', version: '2' });
  const broken = await ask(address, '/v2/repository/models/net/load', '');
  expect([broken.status, await broken.json()]).toEqual([400, { error: 'model "net", version "2": no weights' }]);
  expect((await fetch(`${address}/v2/health/ready`)).status).toBe(200);
  versions.pop();
  expect((await ask(address, '/v2/repository/models/net/load', '')).status).toBe(200);
  expect(await (await ask(address, '/v2/repository/index', '{}')).json()).toEqual([
    { name: 'net', version: '1', state: 'READY', reason: '' },
  ]);
});

test('connections that ask nothing do not keep the server from ending', async () => {
  const { server, address } = await startServer();
  const { hostname, port } = new URL(address);
  const idle = connect(Number(port), hostname);
  const slow = connect(Number(port), hostname, () => slow.write('GET /v2 HTTP/1.1\r\nHost: x\r\n'));
  const closed = Promise.all([idle, slow].map((socket) => new Promise((done) => socket.resume().on('close', done))));
  await expect.poll(() => slow.bytesWritten).toBeGreaterThan(0);
  await server.stop();
  await closed;
});

test('bodies of no known length, of routes that there are not, and beyond all bounds', async () => {
  const { address } = await startServer({ limits: { bytes: 20_000 }, bodyBytes: 100_000 });
  const chunked = (text: string): Promise<Response> =>
    fetch(`${address}/v2/models/net/infer`, {
      method: 'POST',
      body: new Blob([text]).stream(),
      duplex: 'half',
    } as RequestInit);
  const answers = await Promise.all(Array.from({ length: 3 }, () => chunked(good)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await ask(address, '/v2/models/net/infer', ' '.repeat(30_000))).status).toBe(413);
  expect((await fetch(`${address}/x`, { method: 'PUT', body: good })).status).toBe(404);
  const odd = await fetch(`${address}/v2/models/%zz`);
  expect([odd.status, Object.keys(await odd.json())]).toEqual([404, ['error']]);
});

test('slots are taken in order, and who waits may leave', async () => {
  const slots = new Slots(1);
  const said: string[] = [];
  const leaving = new AbortController();
  const { signal } = new AbortController();
  let end = (): void => undefined;
  const first = slots.use(signal, () => new Promise<void>((done) => (end = done)));
  const gone = slots.use(leaving.signal, async () => said.push('gone'));
  const last = slots.use(signal, async () => said.push('last'));
  leaving.abort(new Error('left'));
  await expect(gone).rejects.toThrow('left');
  end();
  await Promise.all([first, last]);
  expect(said).toEqual(['last']);
});

test('a body counts as a picture while it comes: one too many is refused before it is read', async () => {
  const { address } = await startServer({ limits: { pictures: 2 } });
  const { hostname, port } = new URL(address);
  const slow = Array.from({ length: 2 }, () => connect(Number(port), hostname));
  const head = `POST /v2/models/net/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${good.length}\r\n\r\n`;
  for (const socket of slow) socket.write(head + good.slice(0, 10));
  await expect.poll(async () => (await ask(address)).status).toBe(503);
  const answered = slow.map(
    (socket) => new Promise<string>((done) => socket.once('data', (text) => done(String(text)))),
  );
  for (const socket of slow) socket.write(good.slice(10));
  for (const text of await Promise.all(answered)) expect(text).toMatch(/^HTTP\/1.1 200 /);
  for (const socket of slow) socket.destroy();
  expect((await ask(address)).status).toBe(200);
});

test('memory of long bodies is used again, and what was in it is in no other request', async () => {
  const { address } = await startServer({ batchSize: 2 });
  const pixels = (value: number): string => {
    const data = new Array(200 * 200 * 3).fill(value);
    return JSON.stringify({
      inputs: [{ name: 'pixels', shape: [1, 200, 200, 3], datatype: 'UINT8', data }],
      outputs: [{ name: 'logits' }],
    });
  };
  const logitsOf = async (value: number): Promise<unknown> =>
    (await (await ask(address, '/v2/models/net/infer', pixels(value))).json()).outputs[0].data;
  const values = [3, 250, 30, 7, 111];
  const alone: unknown[] = [];
  for (const value of values) alone.push(await logitsOf(value));
  expect(new Set(alone.map(String)).size).toBe(values.length);
  for (let round = 0; round < 3; round++) expect(await Promise.all(values.map(logitsOf))).toEqual(alone);
});
