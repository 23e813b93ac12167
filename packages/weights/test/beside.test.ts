import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StateDict } from '@residual/blocks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HubError, type HubOptions, type LoadedWeights, loadWeights, memoryCache } from '../src/hub/index.ts';
import { readStateDict, WeightsFormatError, WeightsSourceError, writePth, writeSafetensors } from '../src/index.ts';
import { hubFromEnvironment } from '../src/node.ts';
import { golden } from './golden-file.ts';
import { LocalHub } from './local-hub.ts';

type Files = Readonly<Record<string, Uint8Array | object>>;

const types = golden('types.safetensors');
const timm = { input_size: [3, 64, 64], crop_pct: 1, mean: [0.5, 0.5, 0.5] };
const huggingFace = {
  ...{ model_type: 'resnet', architectures: ['ResNetForImageClassification'], layer_type: 'bottleneck' },
  ...{ depths: [3, 4, 6, 3], hidden_sizes: [256, 512, 1024, 2048], embedding_size: 64, hidden_act: 'relu' },
};
const convNext = { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 224 }, resample: 3 };

let hub: LocalHub;
let folder: string;
let options: HubOptions;

beforeEach(async () => {
  hub = new LocalHub();
  await hub.listen();
  folder = mkdtempSync(join(tmpdir(), 'residual-beside-'));
  const { locatePath } = await hubFromEnvironment({ RESIDUAL_HOME: folder });
  options = { cache: memoryCache(), hubUrl: hub.url, backoffMs: 1, locatePath: locatePath! };
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

const bytesOf = (content: Uint8Array | object): Uint8Array =>
  content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));

function write(files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'net', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytesOf(content));
  }
  return join(folder, 'net');
}

function publish(files: Files): string {
  const bytes = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytesOf(content)]));
  hub.addRepo('me/net', { licence: 'mit', files: bytes });
  // Every repository here is at the same commit.
  options = { ...options, cache: memoryCache() };
  return 'hf:me/net';
}

const failure = (work: Promise<unknown>): Promise<HubError | WeightsFormatError | WeightsSourceError> =>
  work.then(
    () => Promise.reject(new Error('expected a failure')),
    (error: unknown) => {
      const isOurs = HubError.isInstance(error) || WeightsFormatError.isInstance(error);
      if (isOurs || WeightsSourceError.isInstance(error)) return error;
      throw error;
    },
  );

/** The same files as a page has them where somebody picks the folder. */
function pick(files: Files, top = 'net'): File[] {
  return Object.entries(files).map(([name, content]) => {
    const file = new File([bytesOf(content).slice()], name.slice(name.lastIndexOf('/') + 1));
    return Object.defineProperty(file, 'webkitRelativePath', { value: `${top}/${name}` });
  });
}

/** Loads the same files from a folder, by the path of one of them where it is named, and from the hub. */
async function everywhere(files: Files, file?: string): Promise<LoadedWeights[]> {
  const path = write(files);
  const repo = publish(files);
  const suffix = file === undefined ? '' : `/${file}`;
  return [await loadWeights(path + suffix, options), await loadWeights(repo + suffix, options)];
}

/** What the configurations beside a file say, which is the same for a folder, a file in it and a repository. */
async function stated(config: Uint8Array | object, processor?: object): Promise<LoadedWeights> {
  const files = {
    'model.safetensors': types,
    'config.json': config,
    ...(processor && { 'preprocessor_config.json': processor }),
  };
  const [byFolder, byRepo] = await everywhere(files);
  const byFile = await loadWeights(join(folder, 'net', 'model.safetensors'), options);
  const byFiles = await loadWeights(pick(files), options);
  for (const other of [byFile, byRepo!, byFiles]) expect(other).toEqual({ ...byFolder, ...whereItIs(other) });
  return byFolder!;
}

const whereItIs = ({ source, licence, sha256 }: LoadedWeights) => ({ source, licence, sha256 });

describe('config.json of timm', () => {
  test('says the model without its tag, how pictures are prepared, and the classes', async () => {
    const labels = { label_names: ['n1', 'n2', 'n3'], label_descriptions: { n1: 'cat', n3: 'owl' } };
    const found = await stated({ architecture: 'resnet50d.mine', num_classes: 3, pretrained_cfg: timm, ...labels });
    expect(found).toMatchObject({ model: 'resnet50d', architecture: {}, labels: ['cat', 'n2', 'owl'] });
    expect(found.preprocessing).toEqual({ kind: 'timm', config: timm });
    expect(found.notes).toContain('config.json: resnet50d, 3 classes');
  });

  test('has all fields side by side in its first form, and names of classes by index', async () => {
    const config = { architecture: 'resnet18', num_classes: 2, labels: { 1: 'dog', 0: 'cat' }, ...timm };
    const found = await stated(config);
    expect(found).toMatchObject({ model: 'resnet18', labels: ['cat', 'dog'] });
    expect(found.preprocessing).toEqual({ kind: 'timm', config });
  });

  test('is in transformers’ configuration of a timm model, with the names inside', async () => {
    const pretrained = { ...timm, label_names: ['cat', 'dog'] };
    const config = { model_type: 'timm_wrapper', architecture: 'resnet18', num_classes: 2, pretrained_cfg: pretrained };
    const found = await stated(config, { image_processor_type: 'TimmWrapperImageProcessor' });
    expect(found).toMatchObject({ model: 'resnet18', labels: ['cat', 'dog'] });
    expect(found.preprocessing).toEqual({ kind: 'timm', config: pretrained });
    const bare = { model_type: 'timm_wrapper', architecture: 'resnet18', num_classes: 2 };
    const byProcessor = await stated(bare, { image_processor_type: 'TimmWrapperImageProcessor', data_config: timm });
    expect(byProcessor.preprocessing).toEqual({ kind: 'timm', config: timm });
  });

  test('may say what the tensors don’t: a dilated net, another activation', async () => {
    const args = { output_stride: 8, act_layer: 'silu', in_chans: 3, drop_path_rate: 0.1, global_pool: 'avg' };
    const found = await stated({ architecture: 'resnet50', num_classes: 3, model_args: args });
    expect(found.architecture).toEqual({ outputStride: 8, activation: 'silu' });
    expect(found.notes).toContain('config.json: resnet50, 3 classes, outputStride 8, activation silu');
  });

  test('is refused by the argument that cannot be had', async () => {
    const args = { output_stride: 32, aa_layer: 'blurpool' };
    const path = write({
      'w.safetensors': types,
      'config.json': { architecture: 'resnet50', num_classes: 3, model_args: args },
    });
    const refused = await failure(loadWeights(`${path}/w.safetensors`, options));
    expect([refused.code, refused.message]).toEqual([
      'unsupported',
      `${path}/config.json: model_args.aa_layer: expected a network that is built here, got "blurpool"; take weights of another`,
    ]);
  });

  test('with more or fewer names than classes has none', async () => {
    const found = await stated({ architecture: 'resnet50', num_classes: 3, label_names: ['cat', 'dog'] });
    expect(found.labels).toBeUndefined();
    expect(found.notes).toContain('config.json: resnet50, 3 classes, but 2 names, which are not used');
  });
});

describe('config.json of transformers', () => {
  test.each([
    ['resnet18', { layer_type: 'basic', depths: [2, 2, 2, 2], hidden_sizes: [64, 128, 256, 512] }],
    ['resnet34', { layer_type: 'basic', depths: [3, 4, 6, 3], hidden_sizes: [64, 128, 256, 512] }],
    ['resnet26', { depths: [2, 2, 2, 2] }],
    ['resnet50', {}],
    ['resnet101', { depths: [3, 4, 23, 3] }],
    ['resnet152', { depths: [3, 8, 36, 3] }],
    [undefined, { depths: [1, 1, 1, 1] }],
    [undefined, { embedding_size: 32 }],
  ])('names %s by its blocks', async (model, fields) => {
    const found = await stated({ ...huggingFace, ...fields, id2label: { 1: 'dog', 0: 'cat' } }, convNext);
    expect(found).toMatchObject({ model, labels: ['cat', 'dog'], architecture: {} });
    expect(found.preprocessing).toEqual({ kind: 'huggingface', config: convNext });
    expect(found.notes).toContain(`config.json: ${model ?? 'a ResNet of transformers'}, 2 classes`);
  });

  test('takes the names by label where those by index are not all there', async () => {
    const found = await stated({
      ...huggingFace,
      id2label: { 0: 'cat', 2: 'owl' },
      label2id: { owl: 2, cat: 0, dog: 1 },
    });
    expect(found.labels).toEqual(['cat', 'dog', 'owl']);
    const asText = await stated({ ...huggingFace, label2id: { owl: '2', cat: '0', dog: '1' } });
    expect(asText.labels).toEqual(['cat', 'dog', 'owl']);
    const without = await stated({ ...huggingFace, id2label: { 1: 'cat' }, label2id: 'none' });
    expect(without.labels).toBeUndefined();
  });

  test('says where the stride is, and the activation', async () => {
    const found = await stated({ ...huggingFace, downsample_in_bottleneck: true, hidden_act: 'silu' });
    expect(found.architecture).toEqual({ strideIn: '1x1', activation: 'silu' });
    const basic = await stated({ ...huggingFace, layer_type: 'basic', downsample_in_bottleneck: true });
    expect(basic.architecture).toEqual({});
  });

  test('with a stride in the first stage is refused by name', async () => {
    const config = { ...huggingFace, downsample_in_first_stage: true };
    const refused = await failure(loadWeights(publish({ 'model.safetensors': types, 'config.json': config }), options));
    expect(refused.message).toBe(
      'hf:me/net/config.json: downsample_in_first_stage: expected a network that is built here, got true; take weights of another',
    );
  });

  test('of another architecture is not used, nor its processor', async () => {
    const found = await stated({ model_type: 'vit', id2label: { 0: 'cat' } }, convNext);
    const nothing = { model: undefined, labels: undefined, preprocessing: undefined, architecture: {} };
    expect(found).toMatchObject(nothing);
    expect(found.notes).toContain("config.json: of vit, which is not timm's nor a ResNet of transformers; not used");
  });
});

test('a config.json of a program is nobody’s business', async () => {
  const found = await stated({ port: 8080, name: 'editor' });
  expect(found).toMatchObject({ model: undefined, labels: undefined, preprocessing: undefined, architecture: {} });
  expect(found.notes.join()).not.toContain('config.json');
});

test.each([
  ['no JSON', new TextEncoder().encode('model: resnet50')],
  ['a list', []],
  ['too large for one', new Uint8Array(17 * 2 ** 20)],
])('a config.json that is %s is noted and not used', async (_, content) => {
  const path = write({ 'w.safetensors': types, 'config.json': content });
  const found = await loadWeights(`${path}/w.safetensors`, options);
  expect(found.tensors).toEqual((await readStateDict(types)).tensors);
  expect(found.notes[0]).toMatch(/config\.json: expected .*; not used$/);
});

test('a folder in place of config.json is none', async () => {
  const path = write({ 'w.safetensors': types, 'config.json/readme.txt': {} });
  expect((await loadWeights(path, options)).notes.join()).not.toContain('config.json');
});

describe('a folder stands for', () => {
  const other = golden('types.zip.pth');

  test.each<[string, string, readonly string[]]>([
    ['transformers’ model', 'model.safetensors', ['pytorch_model.bin', 'other.safetensors', 'optimizer.pt']],
    ['its pickle', 'pytorch_model.bin', ['training_args.bin', 'a.pth', 'b.pth']],
    ['timm’s and PyTorch’s best', 'model_best.pth.tar', ['last.pth.tar', 'checkpoint-9.pth.tar']],
    ['its only file of safetensors', 'mine.safetensors', ['mine.pth', 'more.pth', 'config.json']],
    [
      'its only pickle',
      'net.ckpt',
      ['optimizer.pt', 'scheduler.pt', 'rng_state_0.pth', 'flax_model.msgpack', 'log.txt'],
    ],
  ])('%s', async (_, file, others) => {
    const files = { ...Object.fromEntries(others.map((name) => [name, { not: 'weights' }])), [file]: other };
    const [byFolder, byRepo] = await everywhere(files);
    expect(byFolder!.source).toBe(join(folder, 'net', file));
    for (const { tensors } of [byFolder!, byRepo!]) expect(tensors).toEqual((await readStateDict(other)).tensors);
  });

  test('the best checkpoint of a Trainer, else the last, with what lies beside it', async () => {
    const best = { best_model_checkpoint: '/home/me/out/checkpoint-500' };
    const config = { ...huggingFace, id2label: { 0: 'cat' } };
    const files = {
      'checkpoint-500/model.safetensors': types,
      'checkpoint-500/config.json': config,
      'checkpoint-1000/model.safetensors': { not: 'weights' },
      'checkpoint-1000/trainer_state.json': best,
      'all_results.json': {},
    };
    for (const { model, labels, notes } of await everywhere(files)) {
      expect([model, labels]).toEqual(['resnet50', ['cat']]);
      expect(notes.join()).toContain('took checkpoint-500, the best by trainer_state.json of 2');
    }
    const path = write({ ...files, 'checkpoint-1000/trainer_state.json': { best_model_checkpoint: 'checkpoint-1' } });
    write({ 'checkpoint-1000/model.safetensors': types });
    const { source, notes } = await loadWeights(`${path}/`, options);
    expect(source).toBe(`${path}/checkpoint-1000/model.safetensors`);
    expect(notes[0]).toBe(`${path}: took checkpoint-1000, the last of 2`);
  });

  test('what links in it lead to, as in the hub’s own cache', async () => {
    const path = write({ 'blobs/abc': types, 'snapshots/readme.md': {} });
    symlinkSync('../blobs/abc', `${path}/snapshots/model.safetensors`);
    symlinkSync('../gone', `${path}/snapshots/broken`);
    expect((await loadWeights(`${path}/snapshots`, options)).tensors).toEqual((await readStateDict(types)).tensors);
  });

  test('nothing where several files could be meant, or none', async () => {
    const files = { 'b.pth': other, 'a.pth': other };
    const several = await failure(loadWeights(write(files), options));
    const path = join(folder, 'net');
    expect([several.code, several.message]).toEqual([
      'not-found',
      `${path}: expected one file of weights, got a.pth, b.pth; name one, as ${path}/a.pth`,
    ]);
    const onHub = await failure(loadWeights(publish(files), options));
    expect(onHub.message).toBe(
      'hf:me/net: expected one file of weights, got a.pth, b.pth; name one, as hf:me/net/a.pth',
    );
    rmSync(path, { recursive: true });
    const none = await failure(loadWeights(write({ 'readme.md': {}, 'logs/1.txt': {} }), options));
    expect(none.message).toBe(`${path}: expected a file of weights, got readme.md, logs/; name another`);
  });
});

test('a file of a repository, or a folder of it, is loaded by its path', async () => {
  publish({
    'runs/1/a #1.pth': golden('types.zip.pth'),
    'runs/2/model.safetensors': types,
    'runs/2/config.json': huggingFace,
  });
  const { tensors, source } = await loadWeights('hf:me/net/runs/2@main', options);
  expect([tensors.size, source]).toEqual([(await readStateDict(types)).tensors.size, 'hf:me/net/runs/2@main']);
  expect((await loadWeights('hf:me/net/runs/2/model.safetensors', options)).model).toBe('resnet50');
  const gone = await failure(loadWeights('hf:me/net/runs/2/other.pth', options));
  expect(gone.message).toBe(
    'hf:me/net/runs/2/other.pth: expected a file of the repository, found none; check its name',
  );
  const nowhere = await failure(loadWeights('hf:me/net/../x', options));
  expect(nowhere.code).toBe('not-found');
});

describe('files that were picked in a page', () => {
  test('are the folder that they lie in, or lie side by side', async () => {
    const files = { 'checkpoint-3/model.safetensors': types, 'checkpoint-3/config.json': huggingFace };
    const deep = await loadWeights(pick(files, 'run'), options);
    expect([deep.source, deep.model]).toEqual(['run/checkpoint-3/model.safetensors', 'resnet50']);
    const flat = [new File([types.slice()], 'w.safetensors'), new File([JSON.stringify(huggingFace)], 'config.json')];
    const loaded = await loadWeights(flat, options);
    expect([loaded.source, loaded.model]).toEqual(['w.safetensors', 'resnet50']);
  });

  test('without weights, or without a shard, are refused', async () => {
    const none = await failure(loadWeights([new File(['hello'], 'readme.md')], options));
    expect(none.message).toBe('files: expected a file of weights, got readme.md; name another');
    expect((await failure(loadWeights([], options))).message).toContain('expected a file of weights, got nothing');
    const index = new File([JSON.stringify({ weight_map: { a: 'a.safetensors' } })], 'model.safetensors.index.json');
    expect((await failure(loadWeights([index], options))).message).toContain('a.safetensors is not there');
  });
});

test('a path that leads nowhere is said', async () => {
  const gone = await failure(loadWeights(join(folder, 'gone.pth'), options));
  expect([gone.code, gone.message]).toEqual([
    'missing',
    `${join(folder, 'gone.pth')}: expected a weights file, found none; check the path`,
  ]);
});

describe('shards', () => {
  const half = (names: readonly string[], first: number): StateDict =>
    new Map(names.map((name, i) => [name, { shape: [2, 1], data: Float32Array.of(first + i, -1) }]));
  const one = half(['conv1.weight', 'bn1.weight'], 1);
  const two = half(['fc.weight', 'fc.bias'], 10);
  const map = (ending: string) => ({
    'conv1.weight': `model-00001-of-00002.${ending}`,
    'bn1.weight': `model-00001-of-00002.${ending}`,
    'fc.weight': `model-00002-of-00002.${ending}`,
    'fc.bias': `model-00002-of-00002.${ending}`,
  });
  const shards = (): Record<string, Uint8Array | object> => ({
    'model-00001-of-00002.safetensors': writeSafetensors(one),
    'model-00002-of-00002.safetensors': writeSafetensors(two, { dtype: 'float16' }),
    'model.safetensors.index.json': { metadata: { total_size: 32 }, weight_map: map('safetensors') },
    'config.json': { ...huggingFace, id2label: { 0: 'cat' } },
  });
  const values = ({ tensors }: LoadedWeights) => [...tensors].map(([name, { data }]) => [name, data[0]]);
  const all = [
    ['conv1.weight', 1],
    ['bn1.weight', 2],
    ['fc.weight', 10],
    ['fc.bias', 11],
  ];

  test.each([[undefined], ['model.safetensors.index.json'], ['model-00002-of-00002.safetensors']])(
    'are read as one model by the folder, the index or one of them: %s',
    async (file) => {
      for (const loaded of await everywhere(shards(), file)) {
        expect(values(loaded)).toEqual(all);
        expect(loaded).toMatchObject({ format: 'safetensors', model: 'resnet50', labels: ['cat'], sha256: undefined });
        expect(loaded.notes).toContain('2 shards');
      }
      if (file === undefined) expect(values(await loadWeights(pick(shards()), options))).toEqual(all);
    },
  );

  test('of torch.save are read alike', async () => {
    const files = {
      'model-00001-of-00002.bin': writePth(one),
      'model-00002-of-00002.bin': writePth(two),
      'pytorch_model.bin.index.json': { weight_map: map('bin') },
    };
    for (const loaded of await everywhere(files)) expect(values(loaded)).toEqual(all);
  });

  test.each<[string, Record<string, Uint8Array | object | undefined>, string]>([
    [
      'one is missing',
      { 'model-00002-of-00002.safetensors': undefined },
      'model.safetensors.index.json: expected 2 shards beside it, but model-00002-of-00002.safetensors is not there; fetch it too',
    ],
    [
      'a tensor is not where the index says',
      { 'model-00002-of-00002.safetensors': writeSafetensors(half(['fc.weight'], 3)) },
      'model.safetensors.index.json: fc.bias: expected it in model-00002-of-00002.safetensors, got no such tensor; fetch the shard again',
    ],
    [
      'a tensor is in two',
      { 'model-00002-of-00002.safetensors': writeSafetensors(half(['bn1.weight', 'fc.weight', 'fc.bias'], 3)) },
      'model.safetensors.index.json: bn1.weight: expected it in one shard, got it in model-00001-of-00002.safetensors and model-00002-of-00002.safetensors; the files are of two models',
    ],
    [
      'the index leads out of the folder',
      { 'model.safetensors.index.json': { weight_map: { 'fc.weight': '../secret.safetensors' } } },
      'model.safetensors.index.json: fc.weight: expected the name of a file beside the index, got "../secret.safetensors"; the index is corrupt',
    ],
    [
      'the index leads to the folder above',
      { 'model.safetensors.index.json': { weight_map: { 'fc.weight': '..' } } },
      'model.safetensors.index.json: fc.weight: expected the name of a file beside the index, got ".."; the index is corrupt',
    ],
    [
      'the index is none',
      { 'model.safetensors.index.json': { weight_map: {} } },
      'model.safetensors.index.json: expected an index of shards ({"weight_map": {tensor: file}}), got something else; name the weights',
    ],
  ])('are refused where %s', async (_, changes, message) => {
    const files = Object.fromEntries(Object.entries({ ...shards(), ...changes }).filter(([, content]) => content));
    const path = write(files as Files);
    expect((await failure(loadWeights(path, options))).message).toBe(`${path}/${message}`);
    expect((await failure(loadWeights(publish(files as Files), options))).message).toBe(`hf:me/net/${message}`);
  });

  test('that are cut off are refused by their own name', async () => {
    const cut = writeSafetensors(two).subarray(0, -3);
    const path = write({ ...shards(), 'model-00002-of-00002.safetensors': cut });
    const refused = await failure(loadWeights(path, options));
    expect(refused.message).toContain(`${path}/model-00002-of-00002.safetensors: `);
  });
});

test('one of several networks is chosen by its entry, from the cache again after a wrong one', async () => {
  const names = ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer2.0.conv1', 'layer2.0.conv2'];
  const net = (value: number): StateDict =>
    new Map(names.map((name) => [`${name}.weight`, { shape: [1, 1, 1, 1], data: Float32Array.of(value) }]));
  const both = new Map([...net(1)].map(([name, tensor]) => [`student.${name}`, tensor]));
  for (const [name, tensor] of net(2)) both.set(`teacher.${name}`, tensor);
  const repo = publish({ 'both.pth': writePth(both) });
  const { tensors, path } = await loadWeights(repo, { ...options, entry: 'teacher' });
  expect([path, tensors.get('conv1.weight')?.data[0]]).toEqual(['teacher', 2]);
  const student = await loadWeights(repo, { ...options, entry: 'student' });
  expect(student.tensors.get('conv1.weight')?.data[0]).toBe(1);
  const refused = await failure(loadWeights(repo, { ...options, entry: 'absent' }));
  expect(refused.message).toContain('entry absent');
  hub.seen.length = 0;
  await loadWeights(repo, { ...options, offline: true });
  expect(hub.seen).toEqual([]);
});
