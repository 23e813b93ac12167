import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HostTensor } from '@residual/blocks';
import { expect, test } from 'vitest';
import { readStateDict, writeSafetensors } from '../index.ts';

const golden = (name: string) => resolve(import.meta.dirname, '../../golden', name);

function file(header: unknown, data = 0, declared?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('a file in the format of the specification is read, its metadata too', async () => {
  const { tensors, metadata, format } = await readStateDict(new Uint8Array(readFileSync(golden('types.safetensors'))));
  const expected = JSON.parse(readFileSync(golden('expected.json'), 'utf8')).all;
  expect({ metadata, format }).toEqual({ metadata: { recipe: 'ramp' }, format: 'safetensors' });
  expect(tensors.size).toBe(18);
  for (const [name, { shape, data }] of tensors) {
    const values = [...data].map((value) => (typeof value === 'bigint' ? String(value) : value));
    expect({ shape, values }, name).toEqual({ shape: expected[name].shape, values: expected[name].values });
  }
});

test.each([
  ['a header longer than the file', file({}, 0, 2n ** 26n), 'header at byte 8: expected 67108864 bytes, got 2'],
  ['a header of 2 GB', file({}, 0, 2n ** 31n), 'expected at most 100000000 bytes, got a length of 2147483648'],
  ['a header of 2^64', file({}, 0, 2n ** 64n - 1n), 'expected at most 100000000 bytes'],
  ['no JSON', file('{nonsense}'), 'header: expected JSON'],
  ['overlapping ranges', file({ a: f32(0, 16), b: f32(8, 24) }, 24), 'b: its bytes overlap'],
  ['a range outside', file({ a: f32(0, 16) }, 8), 'a: expected data inside the file'],
  ['a hole', file({ a: f32(0, 4), b: f32(8, 12) }, 12), '(a hole)'],
  ['bytes after the last tensor', file({ a: f32(0, 4) }, 8), 'with its last tensor, got'],
  ['bytes that are not the shape', file({ a: f32(0, 8, [3]) }, 8), 'a: expected 12 bytes for F32 [3], got 8'],
  ['a negative size', file({ a: f32(0, 4, [-1]) }, 4), 'a: expected a shape of whole numbers, got [-1]'],
  ['a huge size', file({ a: f32(0, 4, [1e300]) }, 4), 'a: expected a shape of whole numbers'],
  ['a fraction', file({ a: f32(0, 4, [0.5]) }, 4), 'a: expected a shape of whole numbers'],
  ['a product that overflows', file({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4), 'a: expected 4.'],
  ['an unknown dtype', file({ a: { ...f32(0, 4), dtype: 'F8_E8M0' } }, 4), 'got "F8_E8M0"; save it as F32'],
  ['an unsigned dtype', file({ a: { ...f32(0, 4), dtype: 'U32' } }, 4), 'got "U32"; save it as F32'],
  ['a name twice', file(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(0, 4))}}`, 4), '"a" twice'],
  [
    'offsets in reverse',
    file({ a: { ...f32(0, 4), data_offsets: [4, 0] } }, 4),
    'a: expected data_offsets [begin, end]',
  ],
  ['metadata of other types', file({ __metadata__: { a: 1 } }), '__metadata__: expected an object of strings'],
])('%s is refused', async (_, bytes, message) => {
  await expect(readStateDict(bytes)).rejects.toThrow(message);
});

test('what is written is read back, aligned, in the dict’s order', async () => {
  const dict = new Map<string, HostTensor>([
    ['bytes', { shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ['conv1.weight', { shape: [2, 1], data: Float32Array.of(0.1, Number.NaN) }],
    ['bn1.num_batches_tracked', { shape: [], data: BigInt64Array.of(7n) }],
    ['empty', { shape: [0, 4], data: new Float64Array(0) }],
  ]);
  const written = writeSafetensors(dict, { metadata: { licence: 'MIT' } });
  const { tensors, metadata } = await readStateDict(written);
  expect([...tensors]).toEqual([...dict]);
  expect(metadata).toEqual({ licence: 'MIT' });
  expect(tensors.get('conv1.weight')!.data.buffer).toBe(written.buffer); // aligned, so a view
});

test('float16 rounds to nearest even, as torch does, and refuses what does not fit', async () => {
  const values = [1 / 3, 65504, 65519, 2049, 2051, 2 ** -24, 2 ** -25, 3 * 2 ** -25, 6.0e-5, -0, Infinity];
  // torch.tensor(values).half().float()
  const half = [0.333251953125, 65504, 65504, 2048, 2052, 2 ** -24, 0, 2 ** -23, 6.002187728881836e-5, -0, Infinity];
  const { tensors } = await readStateDict(
    writeSafetensors(new Map([['w', { shape: [values.length], data: Float32Array.from(values) }]]), {
      dtype: 'float16',
    }),
  );
  expect([...tensors.get('w')!.data]).toEqual(half);
  const tooLarge = new Map([['w', { shape: [1], data: Float32Array.of(65520) }]]);
  expect(() => writeSafetensors(tooLarge, { dtype: 'float16' })).toThrow('w: expected values within ±65504');
});

test('every float16 widens to itself', async () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const bytes = file({ w: { dtype: 'F16', shape: [65536], data_offsets: [0, 131072] } }, 131072);
  bytes.set(new Uint8Array(bits.buffer), bytes.length - 131072);
  const { tensors } = await readStateDict(bytes);
  const written = writeSafetensors(new Map([['w', { shape: [65536], data: tensors.get('w')!.data }]]), {
    dtype: 'float16',
  });
  const back = new Uint16Array(written.buffer, written.length - 131072);
  const isNaNBits = (i: number) => (i & 0x7c00) === 0x7c00 && (i & 0x3ff) !== 0;
  expect(bits.every((value, i) => back[i] === value || isNaNBits(i))).toBe(true);
});

test('data that is not its shape’s is not written', () => {
  const dict = new Map([['w', { shape: [2, 2], data: new Float32Array(3) }]]);
  expect(() => writeSafetensors(dict)).toThrow('w: expected 4 elements for [2,2], got 3');
});

test('float8 is widened to float32, and a note says so', async () => {
  const bytes = file(
    {
      a: { dtype: 'F8_E4M3', shape: [3], data_offsets: [0, 3] },
      b: { dtype: 'F8_E5M2', shape: [1], data_offsets: [3, 4] },
    },
    4,
  );
  bytes.set([0x38, 0x7e, 0x01, 0x3d], bytes.length - 4);
  const { tensors, notes } = await readStateDict(bytes);
  expect([...tensors.get('a')!.data, ...tensors.get('b')!.data]).toEqual([1, 448, 2 ** -9, 1.25]);
  expect(notes).toContain('F8_E4M3, F8_E5M2 tensors are widened to float32');
});
