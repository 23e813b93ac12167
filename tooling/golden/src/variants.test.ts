import { createModel } from '@residual/resnet/registry';
import { deterministicVars } from './deterministic-vars.ts';
import { describeNetworks, readGoldens } from './network-goldens.ts';

// Made by tooling/golden/variants.py.
const goldens = readGoldens('variants.json');

describeNetworks(goldens, (title) => {
  const [name, outputStride] = title.split(' outputStride ');
  return createModel(name!, {
    vars: deterministicVars,
    ...(outputStride && { outputStride: Number(outputStride) as 8 | 16 }),
  });
});
