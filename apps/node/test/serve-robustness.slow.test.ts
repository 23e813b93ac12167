import { cpSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { serve } from './serve-process.ts';

const weights = resolve(import.meta.dirname, '../../../packages/weights-cifar10/model.safetensors');

/** A request, by `performance.now()`: its status, or the code of what ended it. */
interface Asked {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly outcome: number | string;
}

const body = Buffer.from(
  JSON.stringify({
    inputs: [{ name: 'pixels', shape: [4, 32, 32, 3], datatype: 'UINT8', data: new Array(4 * 32 * 32 * 3).fill(99) }],
    outputs: [{ name: 'labels' }],
  }),
);

/** Four pictures, on a connection of their own. */
function ask(address: string): Promise<Asked> {
  const sentMs = performance.now();
  return new Promise((done) => {
    const end = (outcome: number | string): void => done({ sentMs, endedMs: performance.now(), outcome });
    const failed = (error: NodeJS.ErrnoException): void => end(error.code ?? error.message);
    const sent = request(`${address}/v2/models/cifar/infer`, { method: 'POST', agent: false }, (response) => {
      response.on('error', failed).resume();
      response.on('end', () => end(response.statusCode!));
    });
    sent.on('error', failed).end(body);
  });
}

/** So many clients at work at once, each with its next request as soon as it has its answer, until `stop`. */
function load(address: string, clients: number): { readonly answered: Asked[]; stop(): Promise<readonly Asked[]> } {
  const answered: Asked[] = [];
  let isStopped = false;
  const all = Array.from({ length: clients }, async () => {
    while (!isStopped) {
      const asked = await ask(address);
      answered.push(asked);
      if (asked.outcome !== 200) await sleep(20);
    }
  });
  const stop = async (): Promise<readonly Asked[]> => {
    isStopped = true;
    await Promise.all(all);
    return answered;
  };
  return { answered, stop };
}

const settled = { timeout: 60_000, interval: 5 };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

test('kill -9 in mid-batch under a supervisor: what was in flight is lost, and everything after it is answered', async () => {
  const port = await freePort();
  const args = ['--weights', weights, '--name', 'cifar', '--port', String(port)];
  let server = await serve(args);
  const { answered, stop } = load(server.address, 8);
  const before = answered.length;
  await expect.poll(() => answered.length, settled).toBeGreaterThan(before + 40);
  server.child.kill('SIGKILL');
  const killedMs = performance.now();
  await server.ended;
  const diedMs = performance.now();
  // The supervisor's part: it is started again where it was.
  server = await serve(args);
  const backMs = performance.now();
  const { length } = answered;
  await expect.poll(() => answered.length, settled).toBeGreaterThan(length + 40);
  const since = answered.slice(before).filter(({ outcome }) => outcome !== 200);
  const refused = since.filter(({ outcome }) => outcome === 'ECONNREFUSED' || outcome === 503);
  const lost = since.filter((asked) => !refused.includes(asked));
  expect(lost.length).toBeGreaterThan(0);
  for (const { sentMs, endedMs, outcome } of lost) {
    expect(['ECONNRESET', 'EPIPE']).toContain(outcome);
    expect([sentMs <= diedMs, endedMs >= killedMs]).toEqual([true, true]);
  }
  // Who was refused asked while there was nobody, or the model was being loaded: a client may ask again.
  for (const { sentMs } of refused) {
    expect(sentMs).toBeGreaterThan(killedMs - 50);
    expect(sentMs).toBeLessThan(backMs);
  }
  await stop();
});

test('a version is swapped and one that is old taken out, under load: every request is answered 200', async () => {
  const folder = temporaryFolder();
  const add = (version: string): void => {
    mkdirSync(join(folder, 'cifar', version), { recursive: true });
    cpSync(weights, join(folder, 'cifar', version, 'model.safetensors'));
  };
  add('1');
  const { address, child, ended } = await serve(['--models', folder]);
  const { answered, stop } = load(address, 8);
  await expect.poll(() => answered.length, settled).toBeGreaterThan(40);
  for (const version of ['2', '3']) {
    add(version);
    const loaded = await fetch(`${address}/v2/repository/models/cifar/load`, { method: 'POST' });
    expect(loaded.status).toBe(200);
  }
  const { length } = answered;
  await expect.poll(() => answered.length, settled).toBeGreaterThan(length + 40);
  const all = await stop();
  expect(all.filter(({ outcome }) => outcome !== 200)).toEqual([]);
  const { versions } = (await (await fetch(`${address}/v2/models/cifar`)).json()) as { versions: string[] };
  expect(versions).toEqual(['1', '2', '3']);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('SIGTERM under load: while it says that it is not ready it answers, then it ends; nobody is refused', async () => {
  const { address, child, ended } = await serve(['--weights', weights, '--name', 'cifar', '--drain', '1500']);
  const { answered, stop } = load(address, 8);
  await expect.poll(() => answered.length, settled).toBeGreaterThan(40);
  child.kill('SIGTERM');
  const ready = async (): Promise<number> => (await fetch(`${address}/v2/health/ready`)).status;
  await expect.poll(ready, settled).toBe(503);
  const { length } = answered;
  await expect.poll(() => answered.length, settled).toBeGreaterThan(length + 8);
  // What a balancer does: none is sent any more, the last ones are waited for.
  const all = await stop();
  expect(all.filter(({ outcome }) => outcome !== 200)).toEqual([]);
  expect(await ended).toBe(0);
});
