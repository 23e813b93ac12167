import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createModel } from '@residual/resnet/registry';
import { writePth, writeSafetensors } from '@residual/weights';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residual } from './run-command.ts';

type Dict = Map<string, { shape: readonly number[]; data: Float32Array }>;

const folder = mkdtempSync(join(tmpdir(), 'residual weights '));
let good: Dict;

beforeAll(async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20');
  good = (await model.stateDict()) as Dict;
  model.dispose();
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#a5c' } });
  await picture.png().toFile(join(folder, 'picture.png'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function changed(change: (dict: Dict) => void): Uint8Array {
  const dict = new Map(good);
  change(dict);
  return writeSafetensors(dict);
}

function safetensors(header: string, { length = header.length }: { length?: number } = {}): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + 16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

function tensor(name: string, from: number, to: number): string {
  return `"${name}":{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]}`;
}

/** Says in the zip's directory that its first entry is a gigabyte. */
function lyingZip(): Uint8Array {
  const bytes = writePth(good);
  const directory = bytes.findIndex((_, i) => bytes[i] === 0x50 && bytes[i + 1] === 0x4b && bytes[i + 2] === 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(directory + 20, 2 ** 30, true);
  view.setUint32(directory + 24, 2 ** 30, true);
  return bytes;
}

/** `os.system('touch owned')`, as a pickle of protocol 2 would have it run. */
function evilPickle(): Uint8Array {
  return Buffer.from('\x80\x02cposix\nsystem\nX\x0b\0\0\0touch owned\x85R.', 'latin1');
}

const cases: { file: string; bytes?: () => Uint8Array; expected: RegExp }[] = [
  { file: 'absent.pth', expected: /expected a weights file, found none/ },
  { file: 'empty.pth', bytes: () => new Uint8Array(0), expected: /empty/ },
  { file: 'cut.safetensors', bytes: () => writeSafetensors(good).subarray(0, 50_000), expected: /expected/ },
  { file: 'cut.pth', bytes: () => writePth(good).subarray(0, 50_000), expected: /./ },
  {
    file: 'noise.th',
    bytes: () => Uint8Array.from({ length: 9999 }, (_, i) => (i * i * 31) % 251),
    expected: /expected/,
  },
  { file: 'evil.th', bytes: evilPickle, expected: /asks for posix.system, which is not run/ },
  { file: 'lying.pth', bytes: lyingZip, expected: /its 1073741824 bytes reach into what follows/ },
  { file: 'long.safetensors', bytes: () => safetensors('{}', { length: 2 ** 31 }), expected: /header/ },
  {
    file: 'overlap.safetensors',
    bytes: () => safetensors(`{${tensor('conv1.weight', 0, 12)},${tensor('bn1.weight', 8, 16)}}`),
    expected: /overlap|bn1.weight|conv1.weight/,
  },
  {
    file: 'outside.safetensors',
    bytes: () => safetensors(`{${tensor('conv1.weight', 0, 4096)}}`),
    expected: /conv1.weight|expected/,
  },
  {
    file: 'shape.safetensors',
    bytes: () => changed((dict) => dict.set('bn1.bias', { shape: [8], data: new Float32Array(8) })),
    expected: /are not resnet20's: nearest resnet20: bn1.bias: expected \[16\], got \[8\]/,
  },
  {
    file: 'missing.safetensors',
    bytes: () => changed((dict) => dict.delete('layer2.1.bn1.weight')),
    expected: /are not resnet20's: nearest resnet20: it lacks layer2.1.bn1.weight/,
  },
  {
    file: 'extra.safetensors',
    bytes: () => changed((dict) => dict.set('layer1.0.gate', { shape: [1], data: new Float32Array(1) })),
    expected: /are not resnet20's: nearest resnet20: it also has layer1.0.gate/,
  },
  {
    file: 'other.safetensors',
    bytes: () => writeSafetensors(new Map([['embedding', { shape: [1], data: new Float32Array(1) }]])),
    expected: /expected the state dict of a ResNet, got tensors named embedding/,
  },
];

test.each(cases)('$file: exit 2, one line that names it, nothing written', async ({ file, bytes, expected }) => {
  if (bytes) writeFileSync(join(folder, file), bytes());
  const before = readdirSync(folder);
  const args = ['classify', 'picture.png', '--model', 'resnet20', '--weights', file, '--device', 'tfjs-wasm'];

  const { exitCode, stdout, said } = await residual(args, { cwd: folder });

  expect({ exitCode, stdout, lines: said.length }).toEqual({ exitCode: 2, stdout: '', lines: 1 });
  expect(said[0]).toContain(`residual: ${file}: `);
  expect(said[0]).toMatch(expected);
  expect(readdirSync(folder)).toEqual(before);
});

test('weights of another variant: exit 2, and which one they fit', async () => {
  writeFileSync(join(folder, 'w.pth'), writePth(good));
  const args = ['classify', 'picture.png', '--model', 'resnet50', '--weights', 'w.pth', '--device', 'tfjs-wasm'];
  const { exitCode, said } = await residual(args, { cwd: folder });
  expect(exitCode).toBe(2);
  expect(said).toEqual([
    "residual: w.pth: these weights are resnet20's (10 classes), not resnet50's; choose the model resnet20",
  ]);
});

test('NaN in the weights: a warning names the tensor, and no answer is made up', async () => {
  const data = good.get('layer1.0.conv1.weight')!.data.slice();
  data.fill(Number.NaN, 5, 7);
  const bytes = changed((dict) => dict.set('layer1.0.conv1.weight', { shape: [16, 16, 3, 3], data }));
  writeFileSync(join(folder, 'nan.safetensors'), bytes);
  const flags = ['--model', 'resnet20', '--weights', 'nan.safetensors', '--device', 'tfjs-wasm', '--json'];
  const { exitCode, stdout, said } = await residual(['classify', 'picture.png', ...flags], { cwd: folder });
  expect(said[0]).toMatch(
    /^warning: nan.safetensors: 2 values are NaN or infinite, the first in layer1.0.conv1.weight/,
  );
  expect(said[1]).toMatch(/^residual: picture.png: .*NaN/);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});

test('a head of another size is taken over, and said', async () => {
  const bytes = changed((dict) => {
    dict.set('fc.weight', { shape: [3, 64], data: good.get('fc.weight')!.data.slice(0, 192) });
    dict.set('fc.bias', { shape: [3], data: new Float32Array(3) });
  });
  writeFileSync(join(folder, 'head.safetensors'), bytes);
  const flags = ['--model', 'resnet20', '--weights', 'head.safetensors', '--device', 'tfjs-wasm', '--json'];
  const { exitCode, stdout, said } = await residual(['classify', 'picture.png', ...flags], { cwd: folder });
  const labels = JSON.parse(stdout).top.map(({ label }: { label: string }) => label);
  expect(exitCode).toBe(0);
  expect(labels.sort()).toEqual(['class 0', 'class 1', 'class 2']);
  expect(said).toEqual(["note: head.safetensors: a head of 3 classes, where resnet20's own has 10"]);
});

test('without --model the tensors say which it is; what no file can tell is an option', async () => {
  writeFileSync(join(folder, 'own.pth'), writePth(good));
  const own = ['classify', 'picture.png', '--weights', 'own.pth', '--device', 'tfjs-wasm', '--json', '--logits'];
  const logits = async (...options: string[]): Promise<number[]> => {
    const { exitCode, stdout, said } = await residual([...own, ...options], { cwd: folder });
    expect([exitCode, said]).toEqual([0, ['note: own.pth: taken as resnet20; plain20 would have the same tensors']]);
    return JSON.parse(stdout).logits;
  };
  const usual = await logits();
  for (const option of ['--epsilon 0.1', '--activation silu', '--mean 0.1,0.2,0.3', '--std 0.5'])
    expect(await logits(...option.split(' '))).not.toEqual(usual);
  const { exitCode, said } = await residual([...own, '--activation', 'mish'], { cwd: folder });
  expect(exitCode).toBe(2);
  expect(said[0]).toContain('activation: expected one of relu, relu6, leaky_relu, silu, hardswish');
});
