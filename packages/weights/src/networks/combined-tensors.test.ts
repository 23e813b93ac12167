import { expect, test } from 'vitest';
import { golden } from '../../test/golden-file.ts';
import { entryOf } from '../../test/network-names.ts';
import { sourceFromBytes } from '../byte-source.ts';
import { readStateDict } from '../read-state-dict.ts';
import { combineTensors } from './combined-tensors.ts';

// Both files made by tooling/golden/reparametrized.py with torch 1.13.
const expected: Record<string, number[]> = JSON.parse(new TextDecoder().decode(golden('reparametrized.json')));

test('pruned and weight-normalised convolutions are what PyTorch computes with', async () => {
  const file = golden('reparametrized.pth');
  const before = file.slice();
  const { tensors, path, hints } = await readStateDict(file);
  expect(path).toBe('net.module.1');
  for (const [name, values] of Object.entries(expected)) {
    const { data } = tensors.get(name)!;
    expect(data).toBeInstanceOf(Float32Array);
    expect(Math.max(...values.map((value, i) => Math.abs(value - Number(data[i]))))).toBeLessThan(1e-7);
  }
  expect([...tensors.keys()].filter((name) => name.startsWith('conv1') || name.startsWith('layer1.0.conv'))).toEqual(
    Object.keys(expected),
  );
  expect(file).toEqual(before);
  expect(hints.mean).toEqual([0.5, 0.4, 0.3].map(Math.fround));
  expect(hints.std).toEqual([0.2, 0.2, 0.25].map(Math.fround));
});

test('spectral normalisation, which only a run can compute, keeps its own names', async () => {
  const { tensors } = await readStateDict(golden('reparametrized.pth'));
  const names = [...tensors.keys()].filter((name) => name.startsWith('layer2.0.conv1'));
  expect(names).toEqual(['weight_orig', 'weight_u', 'weight_v'].map((name) => `layer2.0.conv1.${name}`));
});

test.each([
  [
    'the newer names of weight normalisation',
    'a.parametrizations.weight.original1',
    'a.parametrizations.weight.original0',
    [2, 1, 1, 1],
    ['a.weight'],
  ],
  ['a length for each input', 'a.weight_v', 'a.weight_g', [1, 3, 1, 1], ['a.weight_v', 'a.weight_g']],
  ['a mask of another shape', 'a.weight_orig', 'a.weight_mask', [2, 3], ['a.weight_orig', 'a.weight_mask']],
])('%s', (_, name, by, shape, names) => {
  const tensors = new Map([
    [name, entryOf([2, 3, 1, 1])],
    [by, entryOf(shape)],
  ]);
  expect([...combineTensors(sourceFromBytes(new Uint8Array(0)), tensors).keys()]).toEqual(names);
});
