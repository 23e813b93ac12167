import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, sourceFromBytes } from './byte-source.ts';
import { writeStoredZip } from './pytorch/write-stored-zip.ts';
import { readTensors } from './read-tensors.ts';
import { readWeightsIndex } from './read-weights-index.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import { ZipFile } from './zip-file.ts';

const golden = resolve(import.meta.dirname, '../golden');
const files = ['', 'kinds', 'keras'].flatMap((folder) =>
  readdirSync(resolve(golden, folder))
    .filter((file) => /\.(pth|th|pt|pkl|t7|npz|npy|h5|keras|safetensors)$/.test(file))
    .map((file) => (folder === '' ? file : `${folder}/${file}`)),
);

/** For each file; `RESIDUAL_FUZZ_RUNS=20000` makes a million and more in all. */
const runs = Number(process.env['RESIDUAL_FUZZ_RUNS'] ?? 150);
const patient = { timeout: 60_000 + runs * 200 };

/** A source that answers with copies and fails the test where a reader asks for what is not there. */
function strictSource(bytes: Uint8Array): ByteSource {
  return {
    name: 'fuzz',
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
      if (!isInside || offset + length > bytes.length)
        throw new Error(`read of ${length} at ${offset} of ${bytes.length}`);
      return bytes.slice(offset, offset + length);
    },
  };
}

/** Integers become float32, halves are widened, and what is deflated unpacks. */
function mostBytes(bytes: Uint8Array, format: string): number {
  return format === 'npz' || format === 'keras' ? 1100 * bytes.length : 4 * bytes.length;
}

async function expectResultOrFormatError(bytes: Uint8Array): Promise<void> {
  const source = strictSource(bytes);
  try {
    const { stateDicts, format, facts } = await readWeightsIndex(source);
    expect(stateDicts.length).toBeGreaterThan(0);
    expect(facts.size).toBeLessThan(25_000);
    for (const { tensors } of stateDicts) {
      const seen = new Set<ArrayBufferLike>();
      let total = 0;
      for await (const [, { data }] of readTensors(source, tensors)) {
        if (!seen.has(data.buffer)) total += data.byteLength;
        seen.add(data.buffer);
      }
      expect(total).toBeLessThanOrEqual(mostBytes(bytes, format));
    }
  } catch (error) {
    if (!WeightsFormatError.isInstance(error)) throw error;
    expect(error.message).toMatch(/^fuzz: [^\n]+$/);
  }
}

test('random bytes, also behind each magic, are read or refused', patient, async () => {
  const magics = [
    '',
    'PK\x03\x04',
    '\x80\x02',
    '\x80\x04',
    '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.',
    '\x40\0\0\0\0\0\0\0{',
    '(dp0\n',
    '\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08',
    '\x89HDF\r\n\x1a\n\x02\x08\x08',
  ];
  const prefixed = fc.tuple(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 600 }));
  const property = fc.asyncProperty(prefixed, async ([magic, bytes]) => {
    await expectResultOrFormatError(Uint8Array.from([...[...magic].map((char) => char.charCodeAt(0)), ...bytes]));
  });
  await fc.assert(property, { numRuns: 10 * runs });
});

describe.each(files)('%s', (name) => {
  const original = new Uint8Array(readFileSync(resolve(golden, name)));

  test('cut off anywhere, it is read or refused', patient, async () => {
    const property = fc.asyncProperty(fc.nat(original.length - 1), async (length) => {
      await expectResultOrFormatError(original.slice(0, length));
    });
    await fc.assert(property, { numRuns: Math.ceil(runs / 5) });
  });

  test('with bytes changed, it is read or refused', patient, async () => {
    const interesting = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x52, 0x68, 0x74));
    const change = fc.tuple(fc.nat(original.length - 1), interesting);
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const mutated = original.slice();
      for (const [at, byte] of changes) mutated[at] = byte;
      await expectResultOrFormatError(mutated);
    });
    await fc.assert(property, { numRuns: runs });
  });

  test('with parts repeated, moved or left out, it is read or refused', patient, async () => {
    const position = fc.nat(original.length);
    const property = fc.asyncProperty(position, position, position, async (a, b, c) => {
      const parts = [
        original.subarray(0, a),
        original.subarray(b, Math.min(b + 300, original.length)),
        original.subarray(c),
      ];
      const mixed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        mixed.set(part, at);
        at += part.length;
      }
      await expectResultOrFormatError(mixed);
    });
    await fc.assert(property, { numRuns: Math.ceil(runs / 3) });
  });
});

test.each(files.filter((file) => /types\.(zip|legacy)|safetensors|npz$|tiny\.(h5|keras)/.test(file)))(
  '%s: cut off anywhere, it is never read as whole',
  patient,
  async (name) => {
    const original = new Uint8Array(readFileSync(resolve(golden, name)));
    const property = fc.asyncProperty(fc.nat(original.length - 1), async (length) => {
      const cut = strictSource(original.slice(0, length));
      await expect(readWeightsIndex(cut)).rejects.toSatisfy(WeightsFormatError.isInstance);
    });
    await fc.assert(property, { numRuns: runs });
  },
);

const zips = files.filter((file) => /\.(zip\.pth|pth|pt|pkl)$/.test(file) && isTorchZip(golden, file));

test.each(zips)('%s: a changed pickle with the right checksum is read or refused', patient, async (name) => {
  const source = sourceFromBytes(new Uint8Array(readFileSync(resolve(golden, name))));
  const zip = await ZipFile.open(source);
  const entries = await Promise.all(zip.names().map(async (entry) => [entry, await zip.read(entry)] as const));
  const pickle = entries.find(([entry]) => entry === `${zip.root}/data.pkl`)![1];
  const change = fc.tuple(fc.nat(pickle.length - 1), fc.nat(255));
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
    const mutated = pickle.slice();
    for (const [at, byte] of changes) mutated[at] = byte;
    const changed = entries.map(([entry, bytes]) => [entry, bytes === pickle ? mutated : bytes] as const);
    await expectResultOrFormatError(writeStoredZip(changed));
  });
  await fc.assert(property, { numRuns: runs });
});

test(
  'random values, of classes and functions known and unknown, that may hold themselves, are read or refused',
  patient,
  async () => {
    const property = fc.asyncProperty(pickledValue(), async (value) => {
      await expectResultOrFormatError(legacyFile(value));
    });
    await fc.assert(property, { numRuns: 20 * runs });
  },
);

/** Opcodes that push one value, one character a byte; memo 0 is a storage, 1 a tensor, and any other may be set again. */
function pickledValue(): fc.Arbitrary<string> {
  const globals = [
    'collections\nOrderedDict',
    'torch._utils\n_rebuild_tensor_v2',
    'torch._utils\n_rebuild_parameter',
    'torch._utils\n_rebuild_qtensor',
    'torch._utils\n_rebuild_sparse_tensor',
    'torch._tensor\n_rebuild_from_type_v2',
    'torch.storage\n_load_from_bytes',
    'torch\nper_tensor_affine',
    'torch\nper_channel_affine',
    'torch\nfloat8_e5m2',
    'numpy.core.multiarray\n_reconstruct',
    'numpy\ndtype',
    'copyreg\n_reconstructor',
    '_codecs\nencode',
    'builtins\nset',
    'people\nNet',
    '__torch__.people\nNet',
  ].map((name) => `c${name}\n`);
  const texts = [
    '_modules',
    '_parameters',
    '_buffers',
    '_non_persistent_buffers_set',
    'state',
    'param_groups',
    'weight',
    'a._packed_params',
    'f4',
    'latin1',
  ].map((text) => `\x8c${String.fromCharCode(text.length)}${text}`);
  const memos = Array.from({ length: 6 }, (_, i) => String.fromCharCode(i));
  const plain = ['N', '\x88', 'K\x00', 'K\x02', 'K\x02\x85', 'K\x01\x85', 'C\x02ab', ')', '\x8f'];
  const { value } = fc.letrec<{ value: string }>((tie) => {
    const inner = tie('value');
    const many = fc.array(inner, { maxLength: 5 }).map((values) => values.join(''));
    const pairs = fc.array(fc.tuple(fc.constantFrom(...texts, ...plain), inner), { maxLength: 5 });
    const dict = pairs.map((items) => `(${items.flat().join('')}`);
    const memo = fc.constantFrom(...memos.slice(2));
    const global = fc.constantFrom(...globals);
    return {
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(...memos.map((i) => `h${i}`), 'h\x01', 'h\x01', ...texts, ...plain, ...globals),
        many.map((values) => `(${values}t`),
        fc.tuple(memo, many).map(([i, values]) => `]q${i}(${values}e`),
        fc.tuple(memo, dict).map(([i, items]) => `}q${i}${items}u`),
        fc.tuple(global, many).map(([callee, args]) => `${callee}(${args}tR`),
        fc.tuple(global, memo, inner).map(([callee, i, state]) => `${callee})\x81q${i}${state}b`),
        fc.tuple(global, memo, dict).map(([callee, i, items]) => `${callee})\x81q${i}}${items}ub`),
        fc
          .tuple(memo, dict, dict)
          .map(
            ([i, parameters, modules]) =>
              `cpeople\nNet\n)\x81q${i}}(${texts[1]}}${parameters}u${texts[0]}}${modules}uub`,
          ),
      ),
    };
  });
  return value;
}

function legacyFile(value: string): Uint8Array {
  const storage = '(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQq\0';
  const tensor = 'ctorch._utils\n_rebuild_tensor_v2\n(h\0K\0K\x02\x85K\x01\x85\x89NtRq\x01';
  const head = '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.';
  const memos = [2, 3, 4, 5].map((i) => `Nq${String.fromCharCode(i)}0`).join('');
  const body = `\x80\x04${storage}0${tensor}0${memos}${value}.`;
  const tail = `\x80\x02]U\x010a.\x04${'\0'.repeat(7)}${'\0\0\x80?'.repeat(4)}`;
  return Uint8Array.from(head + body + tail, (char) => char.charCodeAt(0));
}

function isTorchZip(folder: string, file: string): boolean {
  const bytes = readFileSync(resolve(folder, file));
  return bytes.subarray(0, 2).toString() === 'PK' && bytes.includes('/data.pkl') && !file.includes('deflated');
}
