import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, readStateDict, WeightsFormatError } from './index.ts';

const files = [
  'types.zip.pth',
  'protocol4.zip.pth',
  'types.legacy.pth',
  'checkpoint.zip.pth',
  'compiled.legacy.pth',
  'types.tar.pth',
  'types.safetensors',
];
const golden = (name: string) => new Uint8Array(readFileSync(resolve(import.meta.dirname, '../golden', name)));

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

async function expectResultOrFormatError(bytes: Uint8Array): Promise<void> {
  try {
    const { tensors } = await readStateDict(strictSource(bytes));
    const arrays = new Set([...tensors.values()].map(({ data }) => data));
    let total = 0;
    for (const data of arrays) total += data.byteLength;
    expect(total).toBeLessThanOrEqual(2 * bytes.length); // halves are widened
  } catch (error) {
    if (!WeightsFormatError.isInstance(error)) throw error;
    expect(error.message).toMatch(/^fuzz: [^\n]+$/);
  }
}

test('random bytes, also behind each magic, are read or refused', async () => {
  const magics = [
    '',
    'PK\x03\x04',
    '\x80\x02',
    '\x80\x04',
    '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.',
    '\x40\0\0\0\0\0\0\0{',
  ];
  const prefixed = fc.tuple(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 600 }));
  const property = fc.asyncProperty(prefixed, async ([magic, bytes]) => {
    await expectResultOrFormatError(Uint8Array.from([...[...magic].map((char) => char.charCodeAt(0)), ...bytes]));
  });
  await fc.assert(property, { numRuns: 2000 });
});

describe.each(files)('%s', (name) => {
  const original = golden(name);

  test('cut off anywhere, it is refused', async () => {
    const property = fc.asyncProperty(fc.nat(original.length - 1), async (length) => {
      const cut = original.slice(0, length);
      await expectResultOrFormatError(cut);
      // A tar's padding may go; nothing else may.
      if (name !== 'types.tar.pth') await expect(readStateDict(cut)).rejects.toSatisfy(WeightsFormatError.isInstance);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('with bytes changed, it is read or refused', async () => {
    const interesting = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x52, 0x68, 0x74));
    const change = fc.tuple(fc.nat(original.length - 1), interesting);
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const mutated = original.slice();
      for (const [at, byte] of changes) mutated[at] = byte;
      await expectResultOrFormatError(mutated);
    });
    await fc.assert(property, { numRuns: 1500 });
  });

  test('with parts repeated, moved or left out, it is read or refused', async () => {
    const position = fc.nat(original.length);
    const property = fc.asyncProperty(position, position, position, async (a, b, c) => {
      await expectResultOrFormatError(
        Uint8Array.from([
          ...original.subarray(0, a),
          ...original.subarray(b, Math.min(b + 300, original.length)),
          ...original.subarray(c),
        ]),
      );
    });
    await fc.assert(property, { numRuns: 500 });
  });
});

describe('a pickle that grows when it is read', () => {
  const legacy = (body: readonly number[] = []) => {
    const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
    return Uint8Array.from(magic.concat([0x80, 2, 0x4d, 0xe9, 3, 0x2e, 0x80, 2, 0x7d, 0x2e, 0x80, 2], body, [0x2e]));
  };

  test('references of references are not followed', async () => {
    const body = [0x5d];
    for (let i = 0; i < 60; i++) body.push(0x71, i, 0x68, i, 0x86); // tuple of (previous, previous)
    await expectResultOrFormatError(legacy(body));
  });

  test('a list that holds itself is refused', async () => {
    await expectResultOrFormatError(legacy([0x5d, 0x71, 0, 0x68, 0, 0x61]));
  });

  test('nesting of a million levels is refused', async () => {
    await expectResultOrFormatError(legacy([0x29].concat(new Array<number>(1_000_000).fill(0x85))));
  });

  test('five million steps are refused', async () => {
    const bytes = new Uint8Array(5_000_100).fill(0x4e);
    bytes.set(legacy().subarray(0, -1));
    const error = await readStateDict(bytes).catch((caught: unknown) => caught);
    expect(WeightsFormatError.isInstance(error) && error.code).toBe('too-large');
  });
});
