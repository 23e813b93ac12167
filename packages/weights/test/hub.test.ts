import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getWeights } from '../src/catalogue/index.ts';
import {
  cacheSizeBytes,
  clearCache,
  HubError,
  type HubOptions,
  loadWeights,
  memoryCache,
  type ProgressEvent,
} from '../src/hub/index.ts';
import { readStateDict, WeightsFormatError } from '../src/index.ts';
import { cacheFolder, folderCache, hubFromEnvironment } from '../src/node.ts';
import { golden } from './golden-file.ts';
import { LocalHub } from './local-hub.ts';

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

let hub: LocalHub;
let folder: string;
let options: HubOptions;

beforeEach(async () => {
  hub = new LocalHub();
  await hub.listen();
  folder = mkdtempSync(join(tmpdir(), 'residual-hub-'));
  options = { cache: folderCache(folder), hubUrl: hub.url, segmentBytes: 512, backoffMs: 1 };
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

function serve(name: string, path = `/models/${name}`): string {
  hub.files.set(path, { bytes: golden(name) });
  return hub.url + path;
}

const failure = (work: Promise<unknown>): Promise<HubError> =>
  work.then(
    () => Promise.reject(new Error('expected a failure')),
    (error: unknown) => {
      if (HubError.isInstance(error)) return error;
      throw error;
    },
  );

test('a file of torch.save is fetched in parts, kept, and served from the cache after', async () => {
  const url = serve('types.zip.pth');
  const bytes = golden('types.zip.pth');
  const events: ProgressEvent[] = [];
  const loaded = await loadWeights(url, { ...options, onProgress: (event) => events.push(event) });
  expect([...loaded.tensors]).toEqual([...(await readStateDict(bytes)).tensors]);
  expect(hub.seen).toHaveLength(Math.ceil(bytes.byteLength / 512));
  const names = events.map(({ status }) => status);
  expect([...new Set(names)]).toEqual(['initiate', 'download', 'progress', 'progress_total', 'done', 'ready']);
  const last = events.filter((event) => event.status === 'progress').at(-1);
  const total = bytes.byteLength;
  expect(last).toEqual({ status: 'progress', name: url, file: 'types.zip.pth', loaded: total, total, progress: 100 });
  const again = await loadWeights(url, { ...options, offline: true });
  expect(again.tensors).toEqual(loaded.tensors);
});

test('a repository of the hub is loaded with what it says of itself', async () => {
  const config = { architecture: 'resnet50', num_classes: 3, pretrained_cfg: { input_size: [3, 224, 224] } };
  const files = { 'model.safetensors': golden('types.safetensors'), 'config.json': json(config) };
  const commit = hub.addRepo('me/net', { licence: 'cc-by-nc-4.0', files });
  const loaded = await loadWeights('hf:me/net', options);
  expect(loaded).toMatchObject({ source: 'hf:me/net', model: 'resnet50', licence: 'cc-by-nc-4.0' });
  expect(loaded.preprocessing).toEqual({ kind: 'timm', config: { input_size: [3, 224, 224] } });
  expect(loaded.notes[0]).toContain('hf:me/net: licence cc-by-nc-4.0, which is not a permissive one');
  expect(hub.seen.some(({ place }) => place === 'storage')).toBe(true);
  expect((await loadWeights(`hf:me/net@${commit}`, { ...options })).tensors).toEqual(loaded.tensors);
  const gone = await failure(loadWeights('hf:me/net@absent', options));
  expect([gone.code, gone.status]).toEqual(['not-found', 404]);
});

test('transformers’ repositories give their processor and their labels', async () => {
  const files = {
    'pytorch_model.bin': golden('types.legacy.pth'),
    'config.json': json({ model_type: 'resnet', id2label: { 0: 'cat', 1: 'dog' } }),
    'preprocessor_config.json': json({ size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3 }),
  };
  hub.addRepo('me/resnet', { files });
  const loaded = await loadWeights('hf:me/resnet', options);
  const config = { size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3 };
  expect(loaded).toMatchObject({ labels: ['cat', 'dog'], preprocessing: { kind: 'huggingface', config } });
  expect(loaded.notes[0]).toContain('no licence is stated');
});

test('the catalogue’s weights come with its preset, through a mirror of its publisher', async () => {
  const weights = getWeights('resnet18');
  const [url] = weights.urls;
  const { host, pathname } = new URL(url);
  serve('types.zip.pth', `/mirror/${host}${pathname}`);
  const mirrored = { ...options, mirrors: [`${hub.url}/mirror/`] };
  const refused = await failure(loadWeights(weights, mirrored));
  expect([refused.code, refused.message.includes('expected a SHA-256 of f37072fd')]).toEqual(['wrong-hash', true]);
  expect(await options.cache!.list()).toEqual([]);
  const renamed = { ...weights, sha256Prefix: hashPrefix(golden('types.zip.pth')) };
  const loaded = await loadWeights(renamed, mirrored);
  expect(loaded).toMatchObject({ model: 'resnet18', preprocessing: { kind: 'preset', preset: weights.preset } });
  expect((await options.cache!.list())[0]!.url).toBe(url);
});

function hashPrefix(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}

test('mirrors are tried in order, each publisher under its host’s name or at a base of its own', async () => {
  const url = 'http://publisher.invalid/a/w.pth?x=1';
  hub.files.set('/own/a/w.pth', { bytes: golden('types.zip.pth') });
  const mirrors = [`other.invalid=${hub.url}/no`, `${hub.url}/absent`, `publisher.invalid=${hub.url}/own`];
  const { tensors } = await loadWeights(url, { ...options, mirrors });
  expect(tensors.size).toBeGreaterThan(5);
  expect(hub.seen[0]!.path).toBe('/absent/publisher.invalid/a/w.pth');
  const none = await failure(loadWeights('http://publisher.invalid/b.pth', { ...options, mirrors }));
  expect(none.code).toBe('not-found');
  expect(none.message).toContain('none of 2 sources gives it');
});

describe('a token', () => {
  const token = 'hf_secret_token';
  beforeEach(() => {
    hub.token = token;
    hub.addRepo('me/private', { licence: 'mit', files: { 'model.safetensors': golden('types.safetensors') } });
  });

  test('opens a private repository, and goes to its own origin only', async () => {
    await loadWeights('hf:me/private', { ...options, tokens: { [hub.url]: token } });
    const sent = (place: string) => hub.seen.filter((seen) => seen.place === place).map((seen) => seen.authorization);
    expect(new Set(sent('hub'))).toEqual(new Set([`Bearer ${token}`]));
    expect(new Set(sent('storage'))).toEqual(new Set([undefined]));
  });

  test('is asked for where there is none, and never said', async () => {
    const refused = await failure(loadWeights('hf:me/private', options));
    expect([refused.code, refused.status]).toEqual(['forbidden', 401]);
    expect(refused.message).toMatch(
      /HTTP status 401 \(Invalid credentials\): private, gated or not there; set HF_TOKEN/,
    );
    hub.token = 'another';
    const wrong = await failure(loadWeights('hf:me/private', { ...options, tokens: { [hub.url]: token } }));
    expect(`${wrong.message} ${wrong.stack} ${JSON.stringify(wrong)}`).not.toContain(token);
  });

  test('does not follow a redirect to another host, nor do the credentials of an address', async () => {
    const away = `${hub.storageUrl}/elsewhere?signature=1`;
    hub.fault = ({ place }) => (place === 'hub' ? { kind: 'redirect-away', to: away } : undefined);
    hub.files.set('/elsewhere', { bytes: golden('types.zip.pth') });
    const address = `${hub.url.replace('//', '//user:pass@')}/w.pth?key=secret`;
    const loaded = await loadWeights(address, options);
    expect(loaded.source).toBe(`${hub.url}/w.pth`);
    expect(hub.seen[0]!.authorization).toBe(`Basic ${btoa('user:pass')}`);
    expect(hub.seen.filter(({ place }) => place === 'storage').map((seen) => seen.authorization)).toContain(undefined);
    expect(hub.seen.some(({ place, authorization }) => place === 'storage' && authorization)).toBe(false);
  });
});

describe('a server that fails', () => {
  test('429 is waited for as it asks, but not for long', async () => {
    const url = serve('types.zip.pth');
    let left = 2;
    hub.fault = () => (left-- > 0 ? { kind: 'status', status: 429, retryAfter: '1' } : undefined);
    const startMs = performance.now();
    await loadWeights(url, { ...options, parallel: 1 });
    expect(performance.now() - startMs).toBeGreaterThan(1900);
    hub.fault = () => ({ kind: 'status', status: 429, retryAfter: '3600' });
    const refused = await failure(loadWeights(serve('types.tar.pth'), options));
    expect(refused.message).toContain('the server asks to wait 3600 s; try again then');
  });

  test('a cut connection is gone on with where it stopped', async () => {
    const url = serve('types.tar.pth');
    let tell: (loaded: number) => void;
    const first = new Promise<number>((resolve) => {
      tell = resolve;
    });
    let isFirst = true;
    hub.fault = () => {
      const fault = isFirst ? ({ kind: 'cut', afterBytes: 6000, when: first } as const) : undefined;
      isFirst = false;
      return fault;
    };
    const onProgress = (event: ProgressEvent) => {
      if (event.status === 'progress') tell(event.loaded);
    };
    await loadWeights(url, { ...options, segmentBytes: 2 ** 20, onProgress });
    const [whole, rest, ...others] = hub.seen.map(({ range }) => range);
    expect([whole, others]).toEqual(['bytes=0-1048575', []]);
    const start = Number(/^bytes=(\d+)-10239$/.exec(rest!)?.[1]);
    expect(start).toBeGreaterThanOrEqual(await first);
    expect(start).toBeLessThanOrEqual(6000);
  });

  test('what was downloaded is kept when the rest fails, and not asked for again', async () => {
    const url = serve('types.tar.pth');
    hub.fault = ({ range }) => (range === 'bytes=4096-4607' ? { kind: 'status', status: 503 } : undefined);
    const failed = await failure(loadWeights(url, { ...options, parallel: 1 }));
    expect([failed.code, failed.status]).toEqual(['server', 503]);
    expect(await options.cache!.list()).toMatchObject([{ url, isWhole: false }]);
    hub.fault = () => undefined;
    hub.seen.length = 0;
    await loadWeights(url, options);
    expect(hub.seen.map(({ range }) => range).sort()[0]).toBe('bytes=4096-4607');
    expect(hub.seen).toHaveLength(12);
  });

  test('a file that has changed since is fetched from the start', async () => {
    const url = serve('types.tar.pth');
    hub.fault = ({ range }) => (range === 'bytes=4096-4607' ? { kind: 'status', status: 503 } : undefined);
    await failure(loadWeights(url, { ...options, parallel: 1 }));
    hub.fault = () => undefined;
    hub.files.set('/models/types.tar.pth', { bytes: golden('checkpoint.zip.pth') });
    const { tensors } = await loadWeights(url, options);
    expect(tensors).toEqual((await readStateDict(golden('checkpoint.zip.pth'))).tensors);
  });

  test('a page of a captive network, or what is no weights, is refused by name and not kept', async () => {
    const url = serve('types.zip.pth');
    hub.fault = () => ({ kind: 'web-page' });
    const refused = await failure(loadWeights(url, options));
    expect(refused.code).toBe('wrong-content');
    expect(refused.message).toBe(
      `${url}: expected weights, got a web page; the download address gave a page in place of the file, check it`,
    );
    expect(WeightsFormatError.isInstance(refused.cause)).toBe(true);
    expect(await options.cache!.list()).toEqual([]);
  });

  test('a server that says nothing is given up', async () => {
    hub.fault = () => ({ kind: 'silent' });
    const url = serve('types.zip.pth');
    const silent = await failure(loadWeights(url, { ...options, attempts: 2, stallTimeoutMs: 50 }));
    expect([silent.code, silent.message]).toEqual([
      'timeout',
      `${url}: nothing came for 0.05 s; check the network, or try again later`,
    ]);
    await hub.close();
    const absent = await failure(loadWeights(url, { ...options, attempts: 2 }));
    expect(absent.code).toBe('network');
    expect(absent.message).toContain('ECONNREFUSED');
  });
});

test('an abort ends a download at once with the signal’s reason, and the next goes on', async () => {
  const url = serve('types.tar.pth');
  const controller = new AbortController();
  const reason = new Error('enough');
  // One part comes, the others never do.
  hub.fault = ({ range }) => (range === 'bytes=0-511' ? undefined : { kind: 'stall', afterBytes: 100 });
  const aborted = { ...options, signal: controller.signal, onReceived: () => controller.abort(reason) };
  const startMs = performance.now();
  await expect(loadWeights(url, aborted)).rejects.toBe(reason);
  // Sooner than a server is given up that says nothing.
  expect(performance.now() - startMs).toBeLessThan(25_000);
  await expect(loadWeights(url, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  hub.fault = () => undefined;
  hub.seen.length = 0;
  await loadWeights(url, options);
  expect(hub.seen.map(({ range }) => range)).not.toContain('bytes=0-511');
  expect(hub.seen).toHaveLength(19);
});

test('offline nothing is asked, and what is missing is said', async () => {
  const url = serve('types.zip.pth');
  const refused = await failure(loadWeights(url, { ...options, offline: true }));
  expect(refused.message).toBe(
    `${url}: not in the cache (${folder}), and offline; load it once while online, or give a file`,
  );
  hub.addRepo('me/net', { licence: 'mit', files: { 'model.safetensors': golden('types.safetensors') } });
  await loadWeights('hf:me/net', options);
  hub.seen.length = 0;
  const { tensors } = await loadWeights('hf:me/net', { ...options, offline: true });
  expect([tensors.size > 5, hub.seen]).toEqual([true, []]);
});

test('where nobody answers, the copy of a branch or an address serves, and says so', async () => {
  hub.addRepo('me/net', { licence: 'mit', files: { 'model.safetensors': golden('types.safetensors') } });
  await loadWeights('hf:me/net', options);
  hub.fault = () => ({ kind: 'reset' });
  const { tensors, notes } = await loadWeights('hf:me/net', options);
  expect(tensors.size).toBeGreaterThan(5);
  expect(notes[0]).toMatch(/\/api\/models\/me\/net\/revision\/main: nobody answers, so the copy of \d{4}-.* serves$/);
});

test('bytes are read as they are, an ArrayBuffer as its view', async () => {
  const bytes = golden('types.zip.pth');
  const loaded = await loadWeights(bytes.slice().buffer, options);
  expect(loaded).toEqual(await loadWeights(bytes, options));
  expect([loaded.source, loaded.tensors]).toEqual(['bytes', (await readStateDict(bytes)).tensors]);
});

test('an address whose file has changed gives the new one', async () => {
  const url = serve('types.zip.pth');
  await loadWeights(url, options);
  hub.files.set('/models/types.zip.pth', { bytes: golden('checkpoint.zip.pth') });
  const { tensors } = await loadWeights(url, options);
  expect(tensors).toEqual((await readStateDict(golden('checkpoint.zip.pth'))).tensors);
});

test('a kept file that was changed on the disk is not taken', async () => {
  const url = serve('types.zip.pth', `/models/w-${hashPrefix(golden('types.zip.pth'))}.pth`);
  const { tensors } = await loadWeights(url, options);
  const [entry] = readdirSync(folder);
  const path = join(folder, entry!, url.split('/').pop()!);
  const bytes = readFileSync(path);
  bytes[2000]! ^= 1;
  writeFileSync(path, bytes);
  hub.seen.length = 0;
  expect((await loadWeights(url, options)).tensors).toEqual(tensors);
  expect(hub.seen.length).toBeGreaterThan(5);
  // Touched alone, it is hashed again and taken.
  utimesSync(path, 1, 1);
  hub.seen.length = 0;
  await loadWeights(url, options);
  expect(hub.seen).toEqual([]);
});

test.each([['a folder'], ['memory']])('%s lists what it keeps, tells its size, and is cleared', async (kind) => {
  const cache = kind === 'memory' ? memoryCache() : folderCache(folder);
  await loadWeights(serve('types.zip.pth'), { ...options, cache });
  await loadWeights(serve('types.tar.pth'), { ...options, cache });
  const list = await cache.list();
  expect(list.map(({ fileName, isWhole }) => [fileName, isWhole]).sort()).toEqual([
    ['types.tar.pth', true],
    ['types.zip.pth', true],
  ]);
  const sizeBytes = await cacheSizeBytes(cache);
  expect(sizeBytes).toBeGreaterThanOrEqual(golden('types.zip.pth').byteLength + golden('types.tar.pth').byteLength);
  expect(await clearCache(cache)).toEqual({ count: 2, sizeBytes });
  expect(await cache.list()).toEqual([]);
});

test('bytes, Blobs, Files and paths are loaded too', async () => {
  const bytes = golden('types.zip.pth');
  const expected = (await readStateDict(bytes)).tensors;
  const path = join(folder, 'w.pth');
  writeFileSync(path, bytes);
  const inNode = await hubFromEnvironment({ RESIDUAL_HOME: folder });
  for (const from of [bytes, new Blob([bytes.slice()]), new File([bytes.slice()], 'w.pth'), path]) {
    expect((await loadWeights(from, inNode)).tensors).toEqual(expected);
  }
  expect((await failure(loadWeights('w.pth'))).message).toContain('there are no paths here');
  expect((await failure(loadWeights('hf:resnet50'))).message).toContain('expected hf:owner/name');
});

test('the environment settles the cache, offline, mirrors, tokens and the hub', async () => {
  const found = await hubFromEnvironment({
    RESIDUAL_HOME: folder,
    HF_HUB_OFFLINE: '1',
    RESIDUAL_MIRROR: 'https://mirror.example/x, direct',
    HF_TOKEN: 'hf_x',
    HF_ENDPOINT: 'https://hub.example',
  });
  expect(found).toMatchObject({
    offline: true,
    mirrors: ['https://mirror.example/x', 'direct'],
    tokens: { 'https://hub.example': 'hf_x' },
    hubUrl: 'https://hub.example',
  });
  expect(cacheFolder({ RESIDUAL_HOME: '/r' })).toBe(join('/r', 'weights'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'residual', 'weights'));
  await expect(hubFromEnvironment({ RESIDUAL_MIRROR: 'mirror' })).rejects.toThrow(
    'RESIDUAL_MIRROR: expected an http(s) address; check the variable',
  );
});

test('proxy variables are followed, but not to what NO_PROXY names', async () => {
  const tunnelled: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    tunnelled.push(request.url!);
    const [host, port] = request.url!.split(':');
    const server = connect(Number(port), host === 'publisher.test' ? '127.0.0.1' : host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      server.pipe(client);
      client.pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const url = serve('types.zip.pth').replace('127.0.0.1', 'publisher.test');
  const env = { RESIDUAL_HOME: folder, http_proxy: address, NO_PROXY: '127.0.0.1' };
  const proxied = { ...(await hubFromEnvironment(env)), segmentBytes: 512, backoffMs: 1 };
  expect((await loadWeights(url, proxied)).tensors.size).toBeGreaterThan(5);
  expect(tunnelled[0]).toBe(new URL(url).host);
  tunnelled.length = 0;
  await loadWeights(serve('types.tar.pth'), proxied);
  expect(tunnelled).toEqual([]);
  proxy.closeAllConnections();
  proxy.close();
});
