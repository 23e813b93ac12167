import { readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { EDGE, preparedPictures, startServer } from './fixtures.ts';

// An hour's mixed requests in short: `pnpm --filter @residual/bench soak` is the long one. Memory is what is left when everything
// that can be collected is, so that a few hundred requests show what each of them leaves behind.

/** Of each kind, in a round. */
const TIMES = 16;
const CLIENTS = 6;
const MOST_ROUNDS = 8;
/** A server that kept its requests' signals kept 16 kB of each. */
const MOST_KEPT_BYTES = 4096;

interface Kind {
  readonly path: string;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Whether the client goes before it has its answer. */
  readonly leaves?: true;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function makeKinds(): Promise<readonly Kind[]> {
  const input = { name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32' };
  const numbers = preparedPictures(1);
  const json = Buffer.from(JSON.stringify({ inputs: [{ ...input, data: [...numbers] }] }));
  const sized = { ...input, parameters: { binary_data_size: numbers.byteLength } };
  const head = Buffer.from(JSON.stringify({ inputs: [sized], parameters: { binary_data_output: true } }));
  const binary = {
    body: Buffer.concat([head, Buffer.from(numbers.buffer)]),
    headers: { 'Inference-Header-Content-Length': String(head.length) },
  };
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000', noise } })
    .png()
    .toBuffer();
  const picture = { body: png, headers: { 'Content-Type': 'image/png' } };
  const infer = '/v2/models/net/infer';
  return [
    { path: infer, body: json, status: 200 },
    { path: infer, ...binary, status: 200 },
    { path: '/v1/classify', ...picture, status: 200 },
    { path: '/v1/embed', ...picture, status: 200 },
    { path: infer, body: json.subarray(0, 300), status: 400 },
    { path: '/v1/classify', ...picture, body: png.subarray(0, 99), status: 400 },
    { path: '/v2/models/none/infer', body: json, status: 404 },
    { path: infer, ...binary, status: 200, leaves: true },
    { path: '/v1/classify', ...picture, status: 200, leaves: true },
    { path: '/v1/explain', ...picture, status: 200 },
  ];
}

test('rounds of mixed requests and a model that is loaded again leave no memory and no descriptors behind', async () => {
  const { address, faults } = await startServer();
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  onTestFinished(() => agent.destroy());
  const ask = ({ path, body, headers = {}, leaves }: Kind): Promise<number> =>
    new Promise((done) => {
      const options = { method: 'POST', headers, agent: leaves ? false : agent } as const;
      const sent = request(address + path, options, (response) => {
        response.resume().on('end', () => done(response.statusCode!));
        response.on('error', () => done(0));
      });
      sent.on('error', () => done(0));
      sent.end(body);
      if (leaves) setTimeout(() => sent.destroy(), 2);
    });
  const kinds = await makeKinds();
  const round = async (): Promise<{ bytes: number; descriptors: number }> => {
    const asked = Array.from({ length: TIMES }, () => kinds).flat();
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let kind = asked.pop(); kind !== undefined; kind = asked.pop()) {
          const status = await ask(kind);
          expect([kind.status, kind.leaves ? 0 : kind.status], kind.path).toContain(status);
        }
      }),
    );
    expect(await ask({ path: '/v2/repository/models/net/load', status: 200 })).toBe(200);
    // What clients left is answered to nobody, and then given back.
    await sleep(200);
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { bytes: heapUsed + arrayBuffers, descriptors: readdirSync('/proc/self/fd').length };
  };
  // What is made once and kept comes with the first.
  await round();
  const early = await round();
  let late = early;
  let kept = Number.POSITIVE_INFINITY;
  // What a request leaves behind grows with every round; what an engine or a pool takes once does not.
  for (let rounds = 1; rounds <= MOST_ROUNDS && (rounds < 2 || kept >= MOST_KEPT_BYTES); rounds++) {
    late = await round();
    kept = (late.bytes - early.bytes) / (rounds * TIMES * kinds.length);
  }
  expect(kept).toBeLessThan(MOST_KEPT_BYTES);
  expect(late.descriptors).toBeLessThanOrEqual(early.descriptors + CLIENTS);
  expect(faults).toEqual([]);
}, 120_000);
