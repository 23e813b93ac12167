import { createModel, listModels } from '@residual/resnet/registry';
import { expect, test } from 'vitest';
import { deterministicVars } from './deterministic-vars.ts';
import { describeNetworks, readGoldens } from './network-goldens.ts';

// Made by tooling/golden/variants.py.
const goldens = readGoldens('variants.json');

test('every torchvision variant and the CIFAR nets have goldens', () => {
  const published = listModels('*').filter((name) => /^(resnet(18|34|50|101|152|20|56)$|resnext|wide)/.test(name));
  expect(published).toHaveLength(13);
  expect(Object.keys(goldens)).toEqual(expect.arrayContaining(published));
});

describeNetworks(goldens, (title) => {
  const [name, outputStride] = title.split(' outputStride ');
  return createModel(name!, {
    vars: deterministicVars,
    ...(outputStride && { outputStride: Number(outputStride) as 8 | 16 }),
  });
});
