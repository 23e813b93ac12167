import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  cacheSizeBytes,
  clearCache,
  HubError,
  type HubOptions,
  loadWeights,
  type ProgressEvent,
} from '../src/hub/index.ts';
import { readStateDict } from '../src/index.ts';
import { folderCache, hubFromEnvironment } from '../src/node.ts';
import { LocalHub } from './local-hub.ts';

const golden = (name: string): Uint8Array => readFileSync(resolve(import.meta.dirname, '../golden', name));

let hub: LocalHub;
let folder: string;
let options: HubOptions;

beforeEach(async () => {
  hub = new LocalHub();
  await hub.listen();
  folder = mkdtempSync(join(tmpdir(), 'residual-hub-'));
  options = {
    cache: folderCache(folder),
    hubUrl: hub.url,
    segmentBytes: 512,
    backoffMs: 1,
    stallTimeoutMs: 500,
  };
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

test('a file of torch.save is fetched in parts, kept, and served from the cache after', async () => {
  const bytes = golden('types.zip.pth');
  hub.files.set('/models/types.pth', { bytes });
  const events: ProgressEvent[] = [];
  const url = new URL(`${hub.url}/models/types.pth`);
  const loaded = await loadWeights(url, { ...options, onProgress: (event) => events.push(event) });
  expect([...loaded.tensors]).toEqual([...(await readStateDict(bytes)).tensors]);
  expect(hub.seen.map(({ range }) => range).sort()).toHaveLength(Math.ceil(bytes.byteLength / 512));
  expect([...new Set(events.map(({ status }) => status))]).toEqual([
    'initiate',
    'download',
    'progress',
    'progress_total',
    'done',
    'ready',
  ]);
  const again = await loadWeights(url, { ...options, offline: true });
  expect(again.tensors).toEqual(loaded.tensors);
});

test('a repository of the hub is loaded with what it says of itself', async () => {
  const bytes = golden('types.safetensors');
  const config = { architecture: 'resnet50', num_classes: 3, pretrained_cfg: { input_size: [3, 224, 224] } };
  hub.addRepo('me/net', {
    licence: 'cc-by-nc-4.0',
    files: { 'model.safetensors': bytes, 'config.json': new TextEncoder().encode(JSON.stringify(config)) },
  });
  const loaded = await loadWeights('hf:me/net', options);
  expect(loaded).toMatchObject({ source: 'hf:me/net', model: 'resnet50', licence: 'cc-by-nc-4.0' });
  expect(loaded.preprocessing).toEqual({ kind: 'timm', config: { input_size: [3, 224, 224] } });
  expect(loaded.notes[0]).toContain('licence cc-by-nc-4.0, which is not a permissive one');
  expect(hub.seen.some(({ place }) => place === 'storage')).toBe(true);
});
