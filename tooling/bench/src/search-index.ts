#!/usr/bin/env node
// `residual search --index` over many made-up embeddings: what building takes (time, memory, file), what a search takes, and how many
// of the ten nearest it finds of those that are nearest when all are looked at. What a run of the same count and length has left in
// the folder isn't made again.
//
//   pnpm --filter @residual/bench search-index --folder FOLDER [--count 1000000] [--length 512] [--queries 100] [--searches 5]
//
// Embeddings of 512 numbers are searched with a ResNet-18, those of 128 with the CIFAR-10 network of @residual/weights-cifar10.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { getSpec } from '@residual/resnet/registry';
import { uniform } from '@residual/testing/deterministic';
import { writeSafetensors } from '@residual/weights';
import { describeCpu } from './machine.ts';
import { median, quantile } from './statistics.ts';
import { makeWeights } from './weights.ts';

/** An embedding is a sum of so many directions, each as much as chance says, and noise. */
const DIRECTIONS = 24;
const NOISE = 0.1;
const CHUNK_ROWS = 5000;
const NEAREST = 10;
const POLL_MS = 200;
const HEADER_BYTES = 128;

interface Neighbour {
  readonly file: string;
  readonly similarity: number;
}
interface Collected {
  readonly found: readonly Neighbour[];
  offer(file: string, embedding: Float32Array): void;
}

const { values: flags } = parseArgs({
  options: {
    folder: { type: 'string' },
    count: { type: 'string', default: '1000000' },
    length: { type: 'string', default: '512' },
    queries: { type: 'string', default: '100' },
    searches: { type: 'string', default: '5' },
  },
});
if (flags.folder === undefined) throw new Error('expected --folder FOLDER, for 2 GB of embeddings and their index');
const folder = resolve(flags.folder);
const [count, length, queryCount, searchCount] = [
  wholeOf('count', 1),
  wholeOf('length', 4),
  wholeOf('queries', 1),
  wholeOf('searches', 0),
] as const;
if (length % 4 !== 0) throw new Error(`--length: expected a multiple of 4, got ${length}`);
const root = resolve(import.meta.dirname, '../../..');
const [npy, names, index, made] = ['all.npy', 'all.files.jsonl', 'all.usearch', 'resnet18.safetensors'].map((name) =>
  join(folder, name),
) as [string, string, string, string];
const cifar = resolve(root, 'packages/weights-cifar10');
const [model, weights] = length === 128 ? [[], resolve(cifar, 'model.safetensors')] : [['--model', 'resnet18'], made];
const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const directions = Float32Array.from(uniform('directions', DIRECTIONS * length), (u) => 2 * u - 1);

await mkdir(folder, { recursive: true });
if (!existsSync(weights)) await writeFile(weights, writeSafetensors(makeWeights(getSpec('resnet18'))));
if (existsSync(npy)) await checkEmbeddings();
else await writeEmbeddings();
say(`${describeCpu()}; ${count} embeddings of ${length} numbers`);
if (!existsSync(index)) {
  const { seconds, cpuSeconds, peakMB } = await search();
  say(
    `built: ${seconds.toFixed(0)} s by the clock, ${cpuSeconds.toFixed(0)} s of CPU, at most ${peakMB.toFixed(0)} MB`,
  );
}
say(`the index is ${((await stat(index)).size / 2 ** 20).toFixed(0)} MiB`);
const searches: Awaited<ReturnType<typeof search>>[] = [];
for (let turn = 0; turn < searchCount; turn++) searches.push(await search());
if (searches.length > 0) {
  const of = (key: 'seconds' | 'cpuSeconds' | 'peakMB'): number => median(searches.map((one) => one[key]));
  say(
    `the command: ${of('seconds').toFixed(2)} s, ${of('cpuSeconds').toFixed(2)} s of CPU, ${of('peakMB').toFixed(0)} MB`,
  );
}
await measureRecall();

/** A flag's value. */
function wholeOf(name: 'count' | 'length' | 'queries' | 'searches', least: number): number {
  const value = Number(flags[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name}: expected a whole number from ${least} on, got '${flags[name]}'`);
}

/** What is in front of the rows. */
function headerOf(): Buffer {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${length}), }`;
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(HEADER_BYTES - 10, 8);
  header.write(`${head.padEnd(HEADER_BYTES - 11)}\n`, 10, 'latin1');
  return header;
}

/** @throws Error where the rows are another run's; whether the index belongs to them is for the command to tell. */
async function checkEmbeddings(): Promise<void> {
  const file = await open(npy);
  const header = Buffer.alloc(HEADER_BYTES);
  await file.read(header);
  const { size } = await file.stat();
  await file.close();
  if (header.equals(headerOf()) && size === HEADER_BYTES + count * length * 4) return;
  const instead = 'name another folder, or remove its all.* files';
  throw new Error(`${npy}: expected ${count} rows of ${length} numbers, got a file of others; ${instead}`);
}

/** `count` rows, and a name for each, as `residual embed` writes them. */
async function writeEmbeddings(): Promise<void> {
  const unfinished = `${npy}.new`;
  const file = await open(unfinished, 'w');
  await file.write(headerOf());
  const lines = createWriteStream(names);
  for (let first = 0; first < count; first += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, count - first);
    await file.write(new Uint8Array(makeRows(`rows from ${first}`, rows).buffer));
    const text = Array.from({ length: rows }, (_, row) => `${JSON.stringify({ file: nameOf(first + row) })}\n`).join(
      '',
    );
    if (!lines.write(text)) await once(lines, 'drain');
  }
  lines.end();
  await once(lines, 'close');
  await file.close();
  await rename(unfinished, npy);
}

function nameOf(row: number): string {
  return `photos/${String(row >> 12).padStart(4, '0')}/${String(row).padStart(8, '0')}.jpg`;
}

function makeRows(name: string, rows: number): Float32Array {
  const amounts = uniform(`amounts of ${name}`, rows * DIRECTIONS);
  const values = Float32Array.from(uniform(`noise of ${name}`, rows * length), (u) => NOISE * (2 * u - 1));
  for (let row = 0; row < rows; row++)
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const amount = 2 * amounts[row * DIRECTIONS + direction]! - 1;
      for (let at = 0; at < length; at++) values[row * length + at]! += amount * directions[direction * length + at]!;
    }
  return values;
}

/** The command, in a process of its own: it builds the index where there is none. */
async function search(): Promise<{ seconds: number; cpuSeconds: number; peakMB: number }> {
  const picture = resolve(cifar, 'samples/horse.jpg');
  const command = [resolve(root, 'apps/node/dist/main.js'), 'search'];
  const args = [...command, npy, picture, ...model, '--weights', weights, '--index', index];
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  let [cpuSeconds, peakMB] = [0, 0];
  const poll = setInterval(() => {
    // Of a process that has ended nothing is left to read; what was read last stays.
    try {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
      const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peakMB = Number(kilobytes ?? peakMB * 1024) / 1024;
    } catch {
      clearInterval(poll);
    }
  }, POLL_MS);
  const [code] = await once(child, 'exit');
  clearInterval(poll);
  if (code !== 0) throw new Error(`residual search ended with ${code}`);
  return { seconds: (performance.now() - startMs) / 1000, cpuSeconds, peakMB };
}

/** Of the ten nearest of all, how many the command's own search by the index gives, for embeddings that are not among them. */
async function measureRecall(): Promise<void> {
  const part = async (path: string): Promise<unknown> =>
    import(pathToFileURL(resolve(root, 'apps/node/dist', path)).href);
  const { offerByIndex } = (await part('search/embedding-index.js')) as {
    offerByIndex(
      files: { readonly npy: string; readonly index: string; readonly k: number },
      query: Float32Array,
      nearest: Collected,
      signal: AbortSignal,
    ): Promise<void>;
  };
  const { Nearest } = (await part('search/nearest.js')) as {
    Nearest: new (query: Float32Array, k: number) => Collected;
  };
  const signal = new AbortController().signal;
  const many = makeRows('queries', queryCount);
  const queries = Array.from({ length: queryCount }, (_, at) => many.slice(at * length, (at + 1) * length));
  const exact = await exactNearest(queries);
  const times: number[] = [];
  let hits = 0;
  for (const [at, query] of queries.entries()) {
    const nearest = new Nearest(query, NEAREST);
    const startMs = performance.now();
    await offerByIndex({ npy, index, k: NEAREST }, query, nearest, signal);
    times.push(performance.now() - startMs);
    hits += nearest.found.filter(({ file }) => exact[at]!.has(file)).length;
  }
  say(`a search by the index: ${median(times).toFixed(0)} ms, 9 of 10 within ${quantile(times, 0.9).toFixed(0)} ms`);
  say(`recall of the ${NEAREST} nearest, ${queries.length} queries: ${(hits / queries.length / NEAREST).toFixed(4)}`);
}

/** Names of the nearest rows of each query, all rows looked at. */
async function exactNearest(queries: readonly Float32Array[]): Promise<readonly ReadonlySet<string>[]> {
  const best = queries.map((): { row: number; similarity: number }[] => []);
  const file = await open(npy);
  for (let first = 0; first < count; first += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, count - first);
    const values = new Float32Array(rows * length);
    await file.read(new Uint8Array(values.buffer), 0, values.byteLength, HEADER_BYTES + first * length * 4);
    for (let row = 0; row < rows; row++) {
      const vector = values.subarray(row * length, (row + 1) * length);
      const norm = Math.sqrt(product(vector, vector));
      for (const [at, query] of queries.entries()) {
        const found = best[at]!;
        const similarity = product(vector, query) / norm;
        if (found.length === NEAREST && similarity <= found.at(-1)!.similarity) continue;
        found.push({ row: first + row, similarity });
        found.sort((one, other) => other.similarity - one.similarity);
        found.splice(NEAREST);
      }
    }
  }
  await file.close();
  return best.map((found) => new Set(found.map(({ row }) => nameOf(row))));
}

function product(one: Float32Array, other: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < length; at += 4) {
    a += one[at]! * other[at]!;
    b += one[at + 1]! * other[at + 1]!;
    c += one[at + 2]! * other[at + 2]!;
    d += one[at + 3]! * other[at + 3]!;
  }
  return a + b + c + d;
}
