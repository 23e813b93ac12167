import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { families, readFamily } from './families.ts';
import { expectStateDict, type StateDictGolden } from './state-dict-goldens.ts';

/** Made by tooling/golden/architectures.py; publishers.py and keras_networks.py. */
const read = (file: string): Record<string, StateDictGolden> =>
  JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8'));

describe.each([
  { whose: 'PyTorch’s', goldens: read('state-dicts.json') },
  { whose: 'their publishers’', goldens: read('publishers/state-dicts.json') },
  ...families.map((family) => ({ whose: `timm’s (${family})`, goldens: readFamily(family).stateDicts })),
])('names and shapes of the state dict are $whose', ({ goldens }) => {
  test.each(Object.entries(goldens))('%s', expectStateDict);
});
