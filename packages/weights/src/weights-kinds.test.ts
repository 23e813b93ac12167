import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HostTensor } from '@residual/blocks';
import { describe, expect, test } from 'vitest';
import { sourceFromBytes } from './byte-source.ts';
import { readTensors } from './read-tensors.ts';
import { readWeightsIndex } from './read-weights-index.ts';
import { WeightsFormatError } from './weights-format-error.ts';

// Files and values by tooling/golden/weights_kinds.py (torch 1.13, NumPy) and keras_files.py (Keras 3, h5py).
const golden = resolve(import.meta.dirname, '../golden');

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

type Expected =
  | {
      readonly format: string;
      readonly dicts: Record<string, Record<string, Tensor>>;
      readonly facts: Record<string, string | number | boolean>;
      readonly notes: readonly string[];
      readonly metadata?: Record<string, string>;
    }
  | { readonly code: string; readonly says: string };

function comparable({ shape, data }: HostTensor) {
  return { shape, values: [...data].map((value) => (typeof value === 'bigint' ? String(value) : value)) };
}

describe.each(['kinds', 'keras'])('golden/%s', (folder) => {
  const bytesOf = (file: string) => new Uint8Array(readFileSync(resolve(golden, folder, file)));
  const expected: Record<string, Expected> = JSON.parse(readFileSync(resolve(golden, folder, 'expected.json'), 'utf8'));

  test('every file of the folder is expected', () => {
    const files = readdirSync(resolve(golden, folder)).filter((file) => file !== 'expected.json');
    expect(Object.keys(expected).sort()).toEqual(files.sort());
  });

  describe.each(Object.entries(expected))('%s', (file, want) => {
    if ('code' in want) {
      test(`is refused: ${want.says}`, async () => {
        const error = await readWeightsIndex(sourceFromBytes(bytesOf(file), file)).catch((caught: unknown) => caught);
        expect(WeightsFormatError.isInstance(error) && error.code).toBe(want.code);
        expect((error as Error).message).toContain(want.says);
        expect((error as Error).message.startsWith(`${file}: `)).toBe(true);
      });
      return;
    }

    test('every tensor of every state dict is as its writer has it', async () => {
      const source = sourceFromBytes(bytesOf(file), file);
      const index = await readWeightsIndex(source);
      expect(index.format).toBe(want.format);
      expect(index.stateDicts.map(({ path }) => path)).toEqual(Object.keys(want.dicts));
      for (const { path, tensors } of index.stateDicts) {
        const dict = want.dicts[path]!;
        expect([...tensors.keys()].sort(), path).toEqual(Object.keys(dict).sort());
        for await (const [name, tensor] of readTensors(source, tensors)) {
          const { shape, values, dtype } = dict[name]!;
          expect(comparable(tensor), `${path} ${name}`).toEqual({ shape, values });
          expect(tensor.storedAs ?? tensors.get(name)!.dtype, `${path} ${name}`).toBe(dtype);
        }
      }
      expect(Object.fromEntries(index.facts)).toMatchObject(want.facts);
      expect(index.metadata).toMatchObject(want.metadata ?? {});
      for (const note of want.notes) expect(index.notes).toContain(note);
    });
  });
});
