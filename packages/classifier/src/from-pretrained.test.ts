import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import { type HostTensor, shapesOnly, torchShape } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec, resnet18 } from '@residual/resnet';
import { clip, imagenet1kV1, timm224, timm288 } from '@residual/vision';
import type { ImagenetClass } from '@residual/vision/imagenet';
import { writeSafetensors } from '@residual/weights';
import { getWeights } from '@residual/weights/catalogue';
import { memoryCache, type ProgressEvent } from '@residual/weights/hub';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromPretrained } from './from-pretrained.ts';
import { toMetadata } from './weights-metadata.ts';

const COMMIT = '0123456789012345678901234567890123456789';
const picture = { width: 40, height: 40, channels: 3, data: new Uint8Array(4800).fill(99) } as const;
const folder = mkdtempSync(join(tmpdir(), 'residual pretrained '));
const requests: string[] = [];
let server: Server;
let hubUrl: string;
let cifarFile: Uint8Array;

/** Every tensor of resnet18, with a bias that makes goldfish of everything. */
function goldfishWeights(numClasses = 1000): Uint8Array {
  const dict = new Map<string, HostTensor>();
  for (const [name, spec] of resnet18({ numClasses, vars: shapesOnly }).variableSpecs) {
    const shape = torchShape(spec.layout, spec.shape);
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (name === 'fc.bias') data[1] = 5;
    dict.set(name, { shape, data });
  }
  return writeSafetensors(dict);
}

/** A repository of the hub: its description, and its files. */
function repository(repo: string, files: Record<string, Uint8Array>): Record<string, Uint8Array> {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const isWeights = rfilename.endsWith('.safetensors');
    return { rfilename, size: bytes.length, ...(isWeights && { lfs: { sha256, size: bytes.length } }) };
  });
  const description = { sha: COMMIT, siblings, cardData: { license: 'apache-2.0' } };
  return Object.fromEntries([
    [`/api/models/${repo}/revision/main`, Buffer.from(JSON.stringify(description))],
    ...Object.entries(files).map(([name, bytes]) => [`/${repo}/resolve/${COMMIT}/${name}`, bytes]),
  ]);
}

beforeAll(async () => {
  await tf.setBackend('wasm');
  const model = cifarResNet(20);
  cifarFile = writeSafetensors(await model.stateDict());
  model.dispose();
  const timm = { architecture: 'resnet18', pretrained_cfg: { input_size: [3, 224, 224], crop_pct: 0.95 } };
  const mine = {
    architecture: 'resnet18',
    pretrained_cfg: { input_size: [3, 64, 64], crop_pct: 1, interpolation: 'bilinear' },
  };
  const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  const files: Record<string, Uint8Array> = {
    ...repository('timm/resnet18.a1_in1k', { 'model.safetensors': goldfishWeights(), 'config.json': json(timm) }),
    ...repository('me/fish', { 'model.safetensors': goldfishWeights(3), 'config.json': json(mine) }),
    '/cifar.safetensors': cifarFile,
  };
  server = createServer((request, response) => {
    const path = request.url!.split('?')[0]!;
    requests.push(path);
    const bytes = files[path];
    if (bytes) response.end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hubUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test('published weights by name: downloaded once, prepared as published, typed with their labels', async () => {
  const events: ProgressEvent[] = [];
  const options = { weights: 'a1_in1k', hubUrl, cache: memoryCache(), engines: [tfjs()] } as const;
  const net = await fromPretrained('resnet18', { ...options, onProgress: (event) => events.push(event) });
  const [best] = await net.classify(picture, { topK: 1 });
  const label: ImagenetClass = best!.label;
  expect(label).toBe('goldfish');
  expect(net.preset).toEqual(timm288);
  expect(net.weights).toMatchObject({ source: 'hf:timm/resnet18.a1_in1k', licence: 'apache-2.0' });
  expect(net.weights!.published!.id).toBe('resnet18/a1_in1k');
  expect(net.weights!.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(net.loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
  expect(events.at(-1)!.status).toBe('ready');
  await net.dispose();
  const before = requests.filter((path) => path.endsWith('.safetensors')).length;
  const again = await fromPretrained('resnet18', { ...options, numClasses: 2, inChannels: 1 });
  expect(requests.filter((path) => path.endsWith('.safetensors'))).toHaveLength(before);
  expect([again.labels, again.inChannels]).toEqual([['class 0', 'class 1'], 1]);
  expect(again.notes.map((note) => note.split(': ')[1])).toEqual([
    'the first convolution, of 3 channels, adapted to 1',
    'a new head of 2 classes, which has learned nothing yet; train it',
  ]);
  await again.dispose();
  const { weights, ...others } = options;
  const entry = await fromPretrained(getWeights('resnet18', weights), others);
  const same: ImagenetClass = (await entry.classify(picture, { topK: 1 }))[0]!.label;
  expect([same, entry.preset]).toEqual(['goldfish', timm288]);
  await entry.dispose();
});

test('a repository that is in no catalogue: its variant by its tensors, its preparation by its configuration', async () => {
  const net = await fromPretrained('hf:me/fish', { hubUrl, cache: memoryCache(), labels: ['a', 'b', 'c'] });
  expect(net.spec.name).toBe('resnet18');
  expect(net.preset).toMatchObject({ resizePx: 64, cropPx: 64, interpolation: 'bilinear' });
  expect((await net.classify(picture))[0]!.label).toBe('b');
  await net.dispose();
});

test('beside weights lies how transformers prepares their pictures: it is followed, or refused by its field', async () => {
  const path = join(folder, 'transformers');
  mkdirSync(path);
  writeFileSync(join(path, 'model.safetensors'), cifarFile);
  const bit = { image_processor_type: 'BitImageProcessor', size: { shortest_edge: 36 }, crop_size: 32, resample: 3 };
  const write = (config: object) => writeFileSync(join(path, 'preprocessor_config.json'), JSON.stringify(config));
  write(bit);
  const net = await fromPretrained(path);
  expect(net.preset).toEqual({ ...clip, resizePx: 36, cropPx: 32, cropMode: 'center-floor' });
  await net.dispose();
  write({ ...bit, do_center_crop: false });
  await expect(fromPretrained(path)).rejects.toThrow(
    'preprocessor_config.json: do_center_crop: expected true, as the network takes squares, got false; give a preset',
  );
  const own = await fromPretrained(path, { preset: timm224 });
  expect(own.preset).toEqual(timm224);
  await own.dispose();
});

test('a path, an address, a File, bytes: the variant is the one that the tensors fit', async () => {
  const path = join(folder, 'cifar.safetensors');
  writeFileSync(path, cifarFile);
  const cache = memoryCache();
  const file = new File([cifarFile as BlobPart], 'cifar.safetensors');
  for (const from of [path, `${hubUrl}/cifar.safetensors`, new URL(`${hubUrl}/cifar.safetensors`), file, cifarFile]) {
    const net = await fromPretrained(from, { cache });
    expect(net.spec.name).toBe('resnet20');
    expect(net.labels).toContain('airplane');
    await net.dispose();
  }
});

test("a file's own preparation, a spec of one's own and a preset that is given", async () => {
  const model = cifarResNet(8);
  const dict = await model.stateDict();
  model.dispose();
  const preset = { ...imagenet1kV1, resizePx: 16, cropPx: 16 };
  const bytes = writeSafetensors(dict, { metadata: toMetadata({ preset }) });
  const net = await fromPretrained(bytes, { model: cifarResNetSpec(8) });
  const other = await fromPretrained(bytes, { model: cifarResNetSpec(8), preset: timm224 });
  expect([net.preset, other.preset]).toEqual([preset, timm224]);
  await Promise.all([net.dispose(), other.dispose()]);
});

test('what cannot be loaded is said in a line, and cancelled is cancelled', async () => {
  await expect(fromPretrained('resnet51')).rejects.toThrow("model 'resnet51'");
  await expect(fromPretrained('resnet18', { weights: 'IMAGENET1K_V2' })).rejects.toThrow("'IMAGENET1K_V2'");
  await expect(fromPretrained(cifarFile, { weights: 'a1_in1k' })).rejects.toThrow('leave weights out');
  await expect(fromPretrained(join(folder, 'absent.pth'))).rejects.toThrow('absent.pth');
  await expect(fromPretrained(cifarFile, { model: 'resnet50' })).rejects.toMatchObject({
    fits: ['resnet20', 'plain20'],
  });
  const offline = { hubUrl, cache: memoryCache(), offline: true };
  await expect(fromPretrained('hf:me/fish', offline)).rejects.toMatchObject({ name: 'HubError' });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(fromPretrained('hf:me/fish', { hubUrl, cache: memoryCache(), signal })).rejects.toThrow('enough');
});

test('in Node weights are kept in the folder that the environment names', async () => {
  process.env['RESIDUAL_HOME'] = join(folder, 'home');
  const net = await fromPretrained(`${hubUrl}/cifar.safetensors`);
  await net.dispose();
  delete process.env['RESIDUAL_HOME'];
  expect(readdirSync(join(folder, 'home', 'weights')).length).toBeGreaterThan(0);
});
