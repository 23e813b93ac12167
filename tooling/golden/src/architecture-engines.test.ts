import type { Engine } from '@residual/compile';
import { beforeAll, describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { engines } from './engines.ts';
import { readGoldens } from './network-goldens.ts';

/** Options that give an engine no operation that the other nets have not. */
const nothingNew = /stride in 1x1|epsilon|biases|without bias/;

// Made by tooling/golden/architectures.py.
const goldens = Object.entries(readGoldens('architectures.json')).filter(([title]) => !nothingNew.test(title));

describe.each(engines)('$title', ({ present, start }) => {
  describe.skipIf(!present)("gives PyTorch's logits within 1e-4 of the largest", () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await start();
    });

    test.each(goldens)('%s', (title, golden) => expectEngineLogits(engine, title, golden));
  });
});
