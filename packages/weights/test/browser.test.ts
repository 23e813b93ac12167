import { resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { openSourcePage, type SourcePage } from '@residual/testing/source-page';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as client from '../src/hub/index.ts';
import { readStateDict } from '../src/index.ts';
import { golden } from './golden-file.ts';
import { LocalHub } from './local-hub.ts';

const SCRIPT = 'import * as client from "/src/hub/index.ts"; window.client = client';

describe.skipIf(!requirement('chromium'))('in Chromium', () => {
  let hub: LocalHub;
  let opened: SourcePage;

  beforeAll(async () => {
    hub = new LocalHub();
    await hub.listen();
    opened = await openSourcePage(resolve(import.meta.dirname, '..'), SCRIPT);
  });
  afterAll(async () => {
    await opened?.close();
    await hub?.close();
  });

  /** Loads there; gives the tensors' values, or the error's code. */
  function load(reference: string, options: client.HubOptions = {}): Promise<[string, number[]][] | string> {
    return opened.page.evaluate(
      async (from, given) => {
        const { loadWeights, HubError } = (window as unknown as { client: typeof client }).client;
        try {
          const { tensors } = await loadWeights(from, given);
          return [...tensors].map(([name, { data }]): [string, number[]] => [name, Array.from(data, Number)]);
        } catch (error) {
          return HubError.isInstance(error) ? error.code : String(error);
        }
      },
      reference,
      { segmentBytes: 512, backoffMs: 1, attempts: 2, hubUrl: hub.url, ...options },
    );
  }

  async function expected(name: string): Promise<[string, number[]][]> {
    const { tensors } = await readStateDict(golden(name));
    return [...tensors].map(([key, { data }]) => [key, Array.from(data as Float32Array, Number)]);
  }

  const entries = () =>
    opened.page.evaluate(async () => {
      const { browserCache } = (window as unknown as { client: typeof client }).client;
      return (await browserCache().list()).map(({ fileName, isWhole }) => `${fileName} ${isWhole}`).sort();
    });

  test('a download that was broken off is gone on with after a reload, and kept in Cache Storage', async () => {
    hub.files.set('/models/types.tar.pth', { bytes: golden('types.tar.pth') });
    const url = `${hub.url}/models/types.tar.pth`;
    hub.fault = ({ range }) => (range === 'bytes=4096-4607' ? { kind: 'status', status: 503 } : undefined);
    expect(await load(url, { parallel: 1 })).toBe('server');
    expect(await entries()).toEqual(['types.tar.pth false']);
    await opened.reload();
    hub.fault = () => undefined;
    hub.seen.length = 0;
    const values = await expected('types.tar.pth');
    expect(await load(url)).toEqual(values);
    expect(hub.seen).toHaveLength(12);
    expect(await entries()).toEqual(['types.tar.pth true']);
    expect(await load(url, { offline: true })).toEqual(values);
  });

  test('a private repository is loaded through the redirects that a browser follows itself', async () => {
    hub.token = 'hf_token';
    hub.addRepo('me/net', { licence: 'mit', files: { 'model.safetensors': golden('types.safetensors') } });
    expect(await load('hf:me/net')).toBe('forbidden');
    hub.seen.length = 0;
    expect(await load('hf:me/net', { tokens: { [hub.url]: 'hf_token' } })).toEqual(await expected('types.safetensors'));
    const sent = hub.seen.filter(({ place }) => place === 'storage').map(({ authorization }) => authorization);
    expect(new Set(sent)).toEqual(new Set([undefined]));
  });

  test('wrong bytes are refused and not kept, and the cache is cleared', async () => {
    hub.files.set('/models/net-00000000.pth', { bytes: golden('types.zip.pth') });
    expect(await load(`${hub.url}/models/net-00000000.pth`)).toBe('wrong-hash');
    expect((await entries()).filter((entry) => entry.startsWith('net-'))).toEqual([]);
    const cleared = await opened.page.evaluate(async () => {
      const { browserCache, clearCache } = (window as unknown as { client: typeof client }).client;
      return [
        (await clearCache(browserCache())).count,
        (await browserCache().list()).length,
        (await caches.open('residual-weights').then((cache) => cache.keys())).length,
      ];
    });
    expect(cleared).toEqual([3, 0, 0]);
  });
});
