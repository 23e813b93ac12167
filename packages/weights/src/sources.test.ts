import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findNonFinite, readStateDict, WeightsSourceError, writeSafetensors } from './index.ts';
import { openFileSource, readStateDictFile, writeFileAtomic } from './node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'residual-weights-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = () => writeSafetensors(new Map([['w', { shape: [2], data: Float32Array.of(1, 2) }]]));

test('a URL is fetched by the given fetch', async () => {
  const asked: string[] = [];
  const fetch = async (url: string | URL | Request) => {
    asked.push(String(url));
    return new Response(bytes());
  };
  const { tensors } = await readStateDict(new URL('https://example.org/w.safetensors'), { fetch });
  expect([asked, [...tensors.get('w')!.data]]).toEqual([['https://example.org/w.safetensors'], [1, 2]]);
});

test('a refused or failed request is a clear error', async () => {
  const url = new URL('https://example.org/w.safetensors');
  const refuse = async () => new Response('', { status: 404, statusText: 'Not Found' });
  const error = await readStateDict(url, { fetch: refuse }).catch((caught: unknown) => caught);
  expect(WeightsSourceError.isInstance(error) && [error.code, error.status, error.message]).toEqual([
    'http',
    404,
    'https://example.org/w.safetensors: expected HTTP status 200, got 404 Not Found; check the address',
  ]);
  const fail = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') }));
  await expect(readStateDict(url, { fetch: fail })).rejects.toThrow('could not be fetched (getaddrinfo ENOTFOUND)');
});

test('an abort is passed on', async () => {
  const signal = AbortSignal.abort();
  await expect(readStateDict(bytes(), { signal })).rejects.toMatchObject({ name: 'AbortError' });
});

test('errors about a File begin with its name', async () => {
  await expect(readStateDict(new File(['noise of all kinds'], 'w.pth'))).rejects.toThrow(
    'w.pth: expected weights, got a text; pass the weights file itself',
  );
});

test('tensors of a file have memory of their own, and the file is closed after', async () => {
  const path = join(folder, 'w.safetensors');
  writeFileSync(path, bytes());
  const { tensors } = await readStateDictFile(path);
  expect(tensors.get('w')!.data.buffer.byteLength).toBe(8);
  const source = await openFileSource(path);
  await source.close();
  await expect(source.read(0, 8)).rejects.toSatisfy(WeightsSourceError.isInstance);
});

test('an atomic write replaces the file whole, and leaves nothing after a failure', async () => {
  const path = join(folder, 'w.safetensors');
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomic(path, [Uint8Array.of(4), Uint8Array.of(5)]);
  async function* broken() {
    yield Uint8Array.of(6);
    throw new Error('the model went away');
  }
  await expect(writeFileAtomic(path, broken())).rejects.toThrow('the model went away');
  expect([...readFileSync(path)]).toEqual([4, 5]);
  expect(readdirSync(folder)).toEqual(['w.safetensors']);
  await expect(writeFileAtomic(join(folder, 'absent/w'), Uint8Array.of(1))).rejects.toThrow(
    'could not be written (ENOENT)',
  );
});

test('NaN and infinities are counted, with the first tensor that has one', () => {
  const dict = new Map([
    ['a', { shape: [2], data: Float32Array.of(1, 2) }],
    ['b', { shape: [3], data: Float32Array.of(Number.NaN, 1, Number.POSITIVE_INFINITY) }],
    ['c', { shape: [1], data: Float32Array.of(Number.NEGATIVE_INFINITY) }],
  ]);
  expect(findNonFinite(dict)).toEqual({ firstName: 'b', count: 3 });
});
