#!/usr/bin/env node
// `residual serve` for long under mixed requests: tensors, pictures, explanations, broken ones, clients that leave, a model that is
// loaded again. Ends with 1 where an answer is not as it should be, or memory or descriptors grow.
//
//   pnpm --filter @residual/bench soak [--minutes 60]
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describeCpu } from './machine.ts';
import { startServerProcess } from './serving/server-process.ts';
import { median } from './statistics.ts';

/** Requests at one time. */
const CLIENTS = 6;
/** Of what is there when the first quarter of the time is over. */
const MOST_GROWTH = 1.15;
const SAMPLES = 120;
const EDGE = 32;

interface Kind {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Whether the client goes before it has its answer. */
  readonly leaves?: true;
  /** On a connection of its own: one that is kept may just be closed by the server. */
  readonly alone?: true;
}

const { values: flags } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const seconds = 60 * Number(flags.minutes);
const root = resolve(import.meta.dirname, '../../..');
const cifar = resolve(root, 'packages/weights-cifar10');
const say = (text: string): unknown => process.stdout.write(`${text}\n`);

const server = await startServerProcess([
  resolve(root, 'apps/node/dist/main.js'),
  'serve',
  '--weights',
  resolve(cifar, 'model.safetensors'),
  '--name',
  'net',
  '--timeout',
  '300000',
  '--port',
  '0',
]);
const kinds = await makeKinds();
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
const wrong: string[] = [];
const counts = new Map<number, number>();
const memory: number[] = [];
const descriptors: number[] = [];
say(`${describeCpu()}; ${CLIENTS} clients, ${flags.minutes} minutes`);
await until('/v2/health/ready');
const endMs = performance.now() + 1000 * seconds;
await Promise.all([...Array.from({ length: CLIENTS }, (_, client) => askOn(client)), loadAgain(), watch()]);
agent.destroy();
await server.stop();

const settled = Math.floor(memory.length / 4);
const [early, late] = [memory.slice(settled, 2 * settled), memory.slice(-settled)];
const growth = median(late) / median(early);
say(`answers by status: ${JSON.stringify(Object.fromEntries(counts))}; not as expected: ${wrong.length}`);
say(`memory: ${median(early).toFixed(0)} MB in the second quarter, ${median(late).toFixed(0)} MB in the last`);
const tenths = Array.from({ length: 10 }, (_, tenth) => memory[Math.floor((tenth * memory.length) / 10)]!.toFixed(0));
say(`by tenths of the time: ${tenths.join(', ')} MB`);
say(`most memory ${Math.max(...memory).toFixed(0)} MB; descriptors ${descriptors[settled]} to ${descriptors.at(-1)}`);
for (const line of wrong.slice(0, 10)) say(line);
const isFlat = growth < MOST_GROWTH && descriptors.at(-1)! <= descriptors[settled]! + 2 * CLIENTS;
if (!isFlat || wrong.length > 0) process.exitCode = 1;

async function askOn(client: number): Promise<void> {
  for (let turn = client; performance.now() < endMs; turn++) {
    const kind = kinds[turn % kinds.length]!;
    const { status, text } = await ask(kind);
    counts.set(status, (counts.get(status) ?? 0) + 1);
    const isExpected = kind.leaves ? status === 0 || status === kind.status : status === kind.status;
    if (!isExpected) wrong.push(`${kind.path}: expected ${kind.status}, got ${status} ${text.slice(0, 200)}`);
  }
}

async function loadAgain(): Promise<void> {
  const everyMs = Math.min(60_000, (1000 * seconds) / 5);
  while (performance.now() + everyMs < endMs) {
    await sleep(everyMs);
    const { status, text } = await ask({
      path: '/v2/repository/models/net/load',
      headers: {},
      status: 200,
      alone: true,
    });
    if (status !== 200) wrong.push(`load: ${status} ${text}`);
  }
}

async function watch(): Promise<void> {
  while (performance.now() < endMs) {
    await sleep((1000 * seconds) / SAMPLES);
    memory.push(server.residentMB());
    descriptors.push(server.descriptors());
    await get('/metrics');
  }
}

async function until(path: string): Promise<void> {
  while ((await get(path)).status !== 200) await sleep(50);
}

function get(path: string): Promise<{ status: number; text: string }> {
  return ask({ path, method: 'GET', headers: {}, status: 200, alone: true });
}

/** Status 0 where there is no answer. */
function ask({ path, method = 'POST', body, headers, leaves, alone }: Kind): Promise<{ status: number; text: string }> {
  return new Promise((done) => {
    const url = server.address + path;
    const sent = request(url, { method, headers, agent: leaves || alone ? false : agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => done({ status: response.statusCode!, text }));
      response.on('error', () => done({ status: 0, text: '' }));
    });
    sent.on('error', ({ message }) => done({ status: 0, text: message }));
    sent.end(body);
    if (leaves) setTimeout(() => sent.destroy(), 3);
  });
}

async function makeKinds(): Promise<readonly Kind[]> {
  const jpeg = { body: await readFile(resolve(cifar, 'samples/horse.jpg')), headers: { 'Content-Type': 'image/jpeg' } };
  const infer = '/v2/models/net/infer';
  const numbers = Float32Array.from({ length: EDGE * EDGE * 3 }, (_, index) => Math.sin(index));
  const head = { name: 'input', shape: [1, EDGE, EDGE, 3], datatype: 'FP32' };
  const asJson = Buffer.from(JSON.stringify({ inputs: [{ ...head, data: [...numbers] }] }));
  const sized = { ...head, parameters: { binary_data_size: numbers.byteLength } };
  const binaryHead = Buffer.from(JSON.stringify({ inputs: [sized], parameters: { binary_data_output: true } }));
  const binary = {
    body: Buffer.concat([binaryHead, Buffer.from(numbers.buffer)]),
    headers: { 'Inference-Header-Content-Length': String(binaryHead.length) },
  };
  return [
    { path: infer, body: asJson, headers: {}, status: 200 },
    { path: '/v1/classify', ...jpeg, status: 200 },
    { path: infer, ...binary, status: 200 },
    { path: '/v1/embed', ...jpeg, status: 200 },
    { path: infer, body: asJson.subarray(0, 500), headers: {}, status: 400 },
    { path: infer, ...binary, status: 200, leaves: true },
    { path: '/v1/explain', ...jpeg, status: 200 },
    { path: '/v1/classify', body: Buffer.from('none'), headers: { 'Content-Type': 'image/png' }, status: 400 },
    { path: '/v2/models/none/infer', body: asJson, headers: {}, status: 404 },
    { path: '/v1/classify', ...jpeg, status: 200, leaves: true },
  ];
}
