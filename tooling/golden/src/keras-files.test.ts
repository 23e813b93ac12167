import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describeWeights } from '@residual/classifier';
import { getSpec } from '@residual/resnet/registry';
import { kerasCaffe, kerasTf } from '@residual/vision';
import { readStateDict } from '@residual/weights';
import { describe, expect, test } from 'vitest';
import { fileOfList } from './listed-tensors.ts';

// Made by tooling/golden/keras_networks.py.
const packed = readFileSync(new URL('../golden/publishers/keras-variables.txt.gz', import.meta.url));
const lists = gunzipSync(packed).toString().split('# ').slice(1);

describe('a file with the variables of a Keras application is that network, with its preprocessing', () => {
  test.each(lists.map((list) => [list.split('\n')[0]!, list] as const))('%s', async (name, list) => {
    const weights = await readStateDict(fileOfList(list));
    const { blueprint, preset, loadReport, notes } = await describeWeights({ weights });
    expect(weights.scheme).toBe('keras');
    expect(blueprint.spec).toMatchObject({ ...getSpec(name), head: expect.any(Function) });
    expect(loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expectSame(preset, name.endsWith('v2') ? kerasTf : kerasCaffe);
    expect(notes.join()).toContain("taken as Keras's applications are");
  });

  test('there is one of each', () => {
    expect(lists).toHaveLength(6);
  });
});

function expectSame(preset: typeof kerasTf, expected: typeof kerasTf): void {
  expect({ ...preset, mean: [], std: [] }).toEqual({ ...expected, mean: [], std: [] });
  for (const field of ['mean', 'std'] as const)
    for (const [channel, value] of expected[field].entries()) expect(preset[field][channel]).toBeCloseTo(value, 6);
}
