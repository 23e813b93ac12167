import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HostTensor } from '@residual/blocks';
import { expect, test } from 'vitest';
import {
  type ByteSource,
  readStateDict,
  readTensors,
  readWeightsIndex,
  sourceFromBytes,
  type TensorEntry,
  WeightsFormatError,
} from './index.ts';
import { readStateDictFile } from './node.ts';

// Files and values by tooling/golden/weights_files.py (torch 1.13).
const golden = (name: string) => resolve(import.meta.dirname, '../golden', name);
const expected: Record<string, Record<string, { dtype: string; shape: number[]; values: unknown[] }>> = JSON.parse(
  readFileSync(golden('expected.json'), 'utf8'),
);

function comparable({ shape, data, storedAs }: HostTensor, dtype: string) {
  const values = [...data].map((value) => (typeof value === 'bigint' ? String(value) : value));
  const isHalf = dtype === 'float16' || dtype === 'bfloat16';
  expect(storedAs).toBe(isHalf ? dtype : undefined);
  return { dtype, shape, values };
}

async function readAll(source: ByteSource, tensors: ReadonlyMap<string, TensorEntry>, prefix: string) {
  const named = new Map<string, HostTensor>();
  for await (const [name, tensor] of readTensors(source, tensors)) {
    expect(name.startsWith(prefix)).toBe(true);
    named.set(name.slice(prefix.length), tensor);
  }
  return named;
}

function expectTensors(tensors: ReadonlyMap<string, HostTensor>, want: (typeof expected)[string]) {
  expect([...tensors.keys()]).toEqual(Object.keys(want));
  for (const [name, tensor] of tensors) expect(comparable(tensor, want[name]!.dtype), name).toEqual(want[name]);
}

test.each([
  ['types.zip.pth', 'pytorch-zip', 'all'],
  ['protocol4.zip.pth', 'pytorch-zip', 'all'],
  ['types.legacy.pth', 'pytorch-legacy', 'all'],
  ['types.tar.pth', 'pytorch-tar', 'tar'],
] as const)(
  '%s: every dtype, strided, shared, empty and 0-d tensors as torch reads them',
  async (file, format, key) => {
    const fromFile = await readStateDictFile(golden(file));
    expect(fromFile.format).toBe(format);
    expectTensors(fromFile.tensors, expected[key]!);
    expect(fromFile.tensors.get('tied.a')).toBe(fromFile.tensors.get('tied.b'));

    const bytes = new Uint8Array(readFileSync(golden(file)));
    expectTensors((await readStateDict(bytes)).tensors, expected[key]!);
    expectTensors((await readStateDict(new Blob([bytes]))).tensors, expected[key]!);
  },
);

test('a checkpoint gives its state dict, its plain values, and a note of what is left out', async () => {
  const source = sourceFromBytes(readFileSync(golden('checkpoint.zip.pth')));
  const { stateDicts, facts, notes } = await readWeightsIndex(source);
  expect(stateDicts.map(({ path }) => path)).toEqual(['state_dict']);
  expectTensors(await readAll(source, stateDicts[0]!.tensors, 'module.'), expected['checkpoint']!);
  expect(facts.get('epoch')).toBe(7);
  expect(notes).toEqual(["left out: 4 tensors of an optimiser's state (optimizer)"]);
});

test('a compiled model in a legacy checkpoint with arguments gives both', async () => {
  const source = sourceFromBytes(readFileSync(golden('compiled.legacy.pth')));
  const { stateDicts, facts, notes } = await readWeightsIndex(source);
  expect(stateDicts.map(({ path }) => path)).toEqual(['model']);
  expectTensors(await readAll(source, stateDicts[0]!.tensors, '_orig_mod.'), expected['checkpoint']!);
  expect([...facts]).toEqual([['args.lr', 0.1]]);
  expect(notes).toEqual([]);
});

test("torch's stray zip64 record is not taken for entries", async () => {
  const { tensors } = await readStateDictFile(golden('resnet20_torch113_zip.pth'));
  expect([...tensors.get('w')!.data]).toEqual([0, 0.125, -0.25]);
});

test.each(['evil.zip.pth', 'evil.legacy.pth', 'evil.th'])('%s: what it asks for is named and not run', async (file) => {
  const error = await readStateDictFile(golden(file)).catch((caught: unknown) => caught);
  expect(WeightsFormatError.isInstance(error) && error.code).toBe('forbidden-global');
  expect(String(error)).toContain(`${file}: asks for posix.system, which is not run; save the weights alone`);
  expect(existsSync('executed-by-a-pickle')).toBe(false);
});

test('a compressed zip is refused with the reason', async () => {
  await expect(readStateDictFile(golden('deflated.pth'))).rejects.toThrow(
    'types.zip/data.pkl: expected it stored as it is, as torch.save does, got it compressed or encrypted; save it again',
  );
});

test('a flipped bit in a storage fails its checksum', async () => {
  const bytes = new Uint8Array(readFileSync(golden('resnet20_torch113_zip.pth')));
  const at = bytes.findIndex(
    (_, i) => i > 0 && new DataView(bytes.buffer).getFloat32(Math.min(i, bytes.length - 4), true) === 0.125,
  );
  bytes[at]! ^= 1;
  await expect(readStateDict(bytes)).rejects.toThrow(
    /^bytes: w: expected the checksum [0-9a-f]{8}, got [0-9a-f]{8}; the file is corrupt/,
  );
});

test('a zip entry that claims more than the file holds is refused', async () => {
  const bytes = new Uint8Array(readFileSync(golden('resnet20_torch113_zip.pth')));
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length - 46; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    view.setUint32(at + 20, 0x7fffffff, true);
    view.setUint32(at + 24, 0x7fffffff, true);
  }
  await expect(readStateDict(bytes)).rejects.toThrow('its 2147483647 bytes reach into what follows');
});

test('an expanded view cannot ask for more memory than the file has bytes', async () => {
  const bytes = new Uint8Array(readFileSync(golden('types.legacy.pth')));
  // f32 has sizes (2, 3) and strides (3, 1): BININT1 operands.
  const pattern = [0x4b, 2, 0x4b, 3, 0x86];
  const at = bytes.findIndex((_, i) => pattern.every((byte, k) => bytes[i + k] === byte));
  bytes[at + 1] = 255;
  bytes[at + 3] = 255;
  await expect(readStateDict(bytes)).rejects.toThrow('f32: expected a view inside its storage of 6 elements');
});
