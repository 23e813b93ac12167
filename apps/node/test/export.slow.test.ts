import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { loadPlan } from '@residual/backend-webgpu/runtime';
import { createModel } from '@residual/resnet/registry';
import { expectClose, requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import { writeSafetensors } from '@residual/weights';
import { readStateDictFile } from '@residual/weights/node';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

/** What is used here of tfjs-node, a dependency of @residual/backend-node. */
interface TfjsNodeLoader {
  readonly node: {
    loadSavedModel(path: string): Promise<{ predict(inputs: object): object; dispose(): void }>;
  };
}

const SIZE = 64;
const PIXELS = SIZE * SIZE;

const folder = mkdtempSync(join(tmpdir(), 'residual export '));
const weightsFile = join(folder, 'resnet18.safetensors');
/** Two pictures, `[2, 3, SIZE, SIZE]`, and the model's own answers, `[2, 1000]`. */
const pictures = Float32Array.from({ length: 2 * 3 * PIXELS }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.011));
let logits: Float32Array;

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet18');
  const answer = model.forward(tf.transpose(tf.tensor4d(pictures, [2, 3, SIZE, SIZE]), [0, 2, 3, 1]));
  logits = (await answer.data()) as Float32Array;
  const dict = new Map<string, { shape: readonly number[]; data: Float32Array | BigInt64Array }>();
  for (const [name, tensor] of await model.stateDict()) {
    dict.set(name, tensor as { shape: readonly number[]; data: Float32Array });
    if (name.endsWith('running_var')) {
      dict.set(name.replace('running_var', 'num_batches_tracked'), { shape: [], data: BigInt64Array.of(7n) });
    }
  }
  model.dispose();
  writeFileSync(weightsFile, writeSafetensors(dict));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function exported(format: string, out: string, ...more: string[]) {
  return residual(['export', '--model', 'resnet18', '--weights', weightsFile, '--format', format, out, ...more]);
}

function python(script: string, ...args: string[]): string {
  const { OPENBLAS_CORETYPE: _, ...env } = process.env;
  return execFileSync('/usr/bin/python3', ['-c', script, ...args], { env, encoding: 'utf8' });
}

describe('ONNX', () => {
  test('answers in ONNX Runtime as the model does, for any batch', async () => {
    const out = join(temporaryFolder(), 'resnet18.onnx');
    const { exitCode, stdout, said } = await exported('onnx', out, '--size', `${SIZE}`);
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    expect(stdout).toContain('image [N, 3, 64, 64] → logits [N, 1000]');
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(readFileSync(out));
    const answer = await session.run({ image: new ort.Tensor(pictures, [2, 3, SIZE, SIZE]) });
    expectClose(answer['logits']!.data as Float32Array, logits, 1e-5);
  });

  test.skipIf(!requirement('python'))("passes the onnx package's checker, at opset 17", async () => {
    const out = join(temporaryFolder(), 'resnet18.onnx');
    await exported('onnx', out);
    const script = `
import onnx, sys
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
size = lambda value: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
print([o.version for o in model.opset_import], size(model.graph.input[0]), size(model.graph.output[0]))`;
    expect(python(script, out).trim()).toBe("[17] ['N', 3, 224, 224] ['N', 1000]");
  });
});

describe.skipIf(!requirement('python'))('.pth', () => {
  test("loads strictly into torchvision's model, counters of batches too, and answers as ours", async () => {
    const out = join(temporaryFolder(), 'resnet18.pth');
    expect((await exported('pth', out)).exitCode).toBe(0);
    const picturesFile = join(folder, 'pictures.f32');
    writeFileSync(picturesFile, new Uint8Array(pictures.buffer));
    const script = `
import json, numpy, sys, torch, torchvision
net = torchvision.models.resnet18().eval()
net.load_state_dict(torch.load(sys.argv[1]), strict=True)
x = torch.from_numpy(numpy.fromfile(sys.argv[2], numpy.float32).reshape(2, 3, ${SIZE}, ${SIZE}))
with torch.no_grad(): print(json.dumps([net(x).flatten().tolist(), net.layer4[1].bn2.num_batches_tracked.item()]))`;
    const [answer, count] = JSON.parse(python(script, out, picturesFile));
    expectClose(Float32Array.from(answer), logits, 1e-5);
    expect(count).toBe(7);
  });
});

describe('safetensors', () => {
  test('holds what the file held that it was made of', async () => {
    const out = join(temporaryFolder(), 'again.safetensors');
    expect((await exported('safetensors', out)).exitCode).toBe(0);
    const [before, after] = await Promise.all([readStateDictFile(weightsFile), readStateDictFile(out)]);
    expect([...after.tensors.keys()]).toEqual([...before.tensors.keys()]);
    for (const [name, { shape, data }] of before.tensors) {
      expect(after.tensors.get(name)!.shape, name).toEqual(shape);
      expect(Buffer.from(after.tensors.get(name)!.data.buffer).equals(Buffer.from(data.buffer)), name).toBe(true);
    }
  });
});

test('--half stores safetensors in float16, to half a unit in the eleventh bit, with the metadata', async () => {
  const out = join(temporaryFolder(), 'half.safetensors');
  const { exitCode, stdout } = await exported('safetensors', out, '--half');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('float16, ');
  expect(statSync(out).size / statSync(weightsFile).size).toBeCloseTo(0.5, 2);
  const [before, after] = await Promise.all([readStateDictFile(weightsFile), readStateDictFile(out)]);
  expect(after.metadata).toMatchObject({ ...before.metadata, format: 'pt', 'residual.model': 'resnet18' });
  const [wide, half] = [before, after].map(({ tensors }) => tensors.get('layer1.0.conv1.weight')!.data as Float32Array);
  for (const [index, value] of half!.entries())
    expect(Math.abs(value - wide![index]!)).toBeLessThanOrEqual(Math.max(Math.abs(wide![index]!) * 2 ** -11, 2 ** -25));
});

describe('a net that only its name tells from another', () => {
  const name = 'cifar_resnet18_maxpool';
  const named = join(folder, `${name}.safetensors`);

  beforeAll(async () => {
    const model = createModel(name);
    writeFileSync(named, writeSafetensors(await model.stateDict()));
    model.dispose();
  });

  const facts = async (weights: string) => {
    const { stdout } = await residual(['summary', '--json', '--weights', weights]);
    return JSON.parse(stdout).weights.model;
  };

  test('is the same net again from safetensors, whatever the file is called', async () => {
    const out = join(temporaryFolder(), 'net.safetensors');
    const { exitCode } = await residual(['export', '--weights', named, '--format', 'safetensors', out]);
    expect(exitCode).toBe(0);
    expect(await facts(out)).toBe(name);
  });

  test('has a .pth, and the options without which that would be another', async () => {
    const out = join(temporaryFolder(), 'net.pth');
    const flags = ['--epsilon', '0.001', '--std', '0.5,0.5,0.5', '--mean', '0.5,0.5,0.5'];
    const { stdout } = await residual(['export', '--weights', named, ...flags, '--format', 'pth', out]);
    expect(stdout).toContain(`; load it with --model ${name} --epsilon 0.001 --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5`);
    expect(await facts(out)).toBe('cifar_resnet18');
  });
});

test.skipIf(!requirement('webgpu'))('a plan answers on WebGPU as the model does, with its runtime alone', async () => {
  await provideWebgpu();
  const out = join(temporaryFolder(), 'resnet18.plan');
  const { exitCode, stdout } = await exported('plan', out, '--size', `${SIZE}`);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining('WebGPU plan in fp32, image [1, 64, 64, 3]'),
  });
  const plan = await loadPlan(new Uint8Array(readFileSync(out)).buffer);
  for (const index of [0, 1]) {
    const planar = pictures.subarray(index * 3 * PIXELS, (index + 1) * 3 * PIXELS);
    const image = Float32Array.from(planar, (_, i) => planar[(i % 3) * PIXELS + Math.floor(i / 3)]!);
    expectClose((await plan.run({ image }))['logits']!, logits.subarray(index * 1000, (index + 1) * 1000), 1e-5);
  }
  await plan.dispose();
});

describe('SavedModel', () => {
  test.skipIf(!requirement('tfjs-node'))('answers in TensorFlow as the model does, for any batch', async () => {
    const out = join(temporaryFolder(), 'saved');
    expect((await exported('saved-model', out, '--size', `${SIZE}`)).exitCode).toBe(0);
    const before = tf.getBackend();
    await tfjsNode().use();
    const require = createRequire(createRequire(import.meta.url).resolve('@residual/backend-node'));
    const { node } = require('@tensorflow/tfjs-node') as TfjsNodeLoader;
    const saved = await node.loadSavedModel(out);
    const image = tf.transpose(tf.tensor4d(pictures, [2, 3, SIZE, SIZE]), [0, 2, 3, 1]);
    const answer = (saved.predict({ image }) as Record<string, tf.Tensor>)['logits']!;
    expectClose((await answer.data()) as Float32Array, logits, 1e-5);
    saved.dispose();
    await tf.setBackend(before);
  });

  test('replaces a folder that it wrote, and no other', async () => {
    const parent = temporaryFolder();
    const own = join(parent, 'own');
    expect((await exported('saved-model', own, '--size', '32')).exitCode).toBe(0);
    expect((await exported('saved-model', own, '--size', '32')).exitCode).toBe(0);
    writeFileSync(join(own, 'notes.txt'), 'mine');
    const refused = await exported('saved-model', own, '--size', '32');
    expect(refused.exitCode).toBe(2);
    expect(refused.said).toEqual([
      expect.stringMatching(/own: expected a new folder, .* got one with notes.txt in it/),
    ]);
    const others = join(parent, 'others');
    mkdirSync(others);
    writeFileSync(join(others, 'saved_model.pb'), 'another program');
    expect((await exported('saved-model', others)).exitCode).toBe(2);
    expect(readFileSync(join(others, 'saved_model.pb'), 'utf8')).toBe('another program');
    expect(readdirSync(parent).sort()).toEqual(['others', 'own']);
  });
});

test.each([
  [['--format', 'gguf'], /--format: expected one of onnx, saved-model, plan, safetensors, pth, got 'gguf'/],
  [['--format', 'pth', '--size', '64'], /--size: expected none for pth/],
  [['--format', 'onnx', '--half'], /--half: expected safetensors or plan, got onnx/],
  [['--format', 'onnx', '--model', 'resnet50'], /these weights are resnet18's .* choose the model resnet18/],
])('%s is refused, and nothing is written', async (flags, message) => {
  const out = join(temporaryFolder(), 'out');
  const { exitCode, said } = await residual(['export', '--model', 'resnet18', '--weights', weightsFile, ...flags, out]);
  expect(exitCode).toBe(2);
  expect(said).toEqual([expect.stringMatching(message)]);
  expect(readdirSync(join(out, '..'))).toEqual([]);
});

test('a target in a folder that is not there is refused in a line', async () => {
  const { exitCode, said } = await exported('onnx', join(folder, 'absent', 'model.onnx'), '--size', '32');
  expect(exitCode).toBe(2);
  expect(said).toEqual([expect.stringMatching(/could not be written \(ENOENT\)/)]);
});
