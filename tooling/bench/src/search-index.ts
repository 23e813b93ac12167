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
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { getSpec } from '@residual/resnet/registry';
import { uniform } from '@residual/testing/deterministic';
import { writeSafetensors } from '@residual/weights';
import { describeCpu } from './machine.ts';
import { processMemoryMB } from './process-memory.ts';
import { median, quantile } from './statistics.ts';
import { makeWeights } from './weights.ts';

/** An embedding is a sum of so many directions, each as much as chance says, and noise. */
const DIRECTIONS = 24;
const NOISE = 0.1;
const CHUNK_ROWS = 5000;
const NEAREST = 10;
const POLL_MS = 200;
/** In front of the rows of a .npy file of two dimensions. */
const MOST_HEADER_BYTES = 192;

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

/** @throws Error where the rows are another run's; whether the index belongs to them is for the command to tell. */
async function checkEmbeddings(): Promise<void> {
  const file = await open(npy);
  const header = Buffer.alloc(MOST_HEADER_BYTES);
  await file.read(header);
  await file.close();
  const beforeRows = (await stat(npy)).size - count * length * 4;
  const isShape = header.toString('latin1').includes(`'shape': (${count}, ${length})`);
  if (isShape && beforeRows > 0 && beforeRows <= MOST_HEADER_BYTES) return;
  const instead = 'name another folder, or remove its all.* files';
  throw new Error(`${npy}: expected ${count} rows of ${length} numbers, got a file of others; ${instead}`);
}

/** `count` rows, and a name for each, by the command's own writer. */
async function writeEmbeddings(): Promise<void> {
  const { formatOf } = (await partOfCommand('embed/embedding-formats.js')) as {
    formatOf(
      out: string,
      isDescribed: boolean,
    ): {
      write(
        paths: readonly string[],
        table: { rows: AsyncIterable<object>; count: number; length: number },
      ): Promise<void>;
    };
  };
  const rows = async function* () {
    for (let first = 0; first < count; first += CHUNK_ROWS) {
      const now = Math.min(CHUNK_ROWS, count - first);
      const values = makeRows(`rows from ${first}`, now);
      for (let row = 0; row < now; row++)
        yield { file: nameOf(first + row), embedding: values.subarray(row * length, (row + 1) * length) };
    }
  };
  const unfinished = `${npy}.new`;
  await formatOf(npy, false).write([unfinished, names], { rows: rows(), count, length });
  await rename(unfinished, npy);
}

/** A module of the command, which is no library. */
async function partOfCommand(path: string): Promise<unknown> {
  return import(pathToFileURL(resolve(root, 'apps/node/dist', path)).href);
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
      peakMB = Math.max(peakMB, processMemoryMB(child.pid!, 'VmHWM'));
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
  const { offerByIndex } = (await partOfCommand('search/embedding-index.js')) as {
    offerByIndex(
      files: { readonly npy: string; readonly index: string; readonly k: number },
      query: Float32Array,
      nearest: Collected,
      signal: AbortSignal,
    ): Promise<void>;
  };
  const { Nearest } = (await partOfCommand('search/nearest.js')) as {
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
  const beforeRows = (await file.stat()).size - count * length * 4;
  for (let first = 0; first < count; first += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, count - first);
    const values = new Float32Array(rows * length);
    await file.read(new Uint8Array(values.buffer), 0, values.byteLength, beforeRows + first * length * 4);
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
