import { readFileSync } from 'node:fs';
import { native } from '@residual/backend-node';
import { requirement } from '@residual/testing';
import { describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { readGoldens } from './network-goldens.ts';
import { buildPublished } from './publishers.ts';
import { expectStateDict, type StateDictGolden } from './state-dict-goldens.ts';

// Made by tooling/golden/publishers.py and keras_networks.py.
const file = new URL('../golden/publishers/state-dicts.json', import.meta.url);
const stateDicts: Record<string, StateDictGolden> = JSON.parse(readFileSync(file, 'utf8'));

describe.skipIf(!requirement('native'))("native gives the publisher's answers within 1e-4 of the largest", () => {
  describe.each(['keras', 'cifar', 'clip'])('%s', (publisher) => {
    test.each(Object.entries(readGoldens(`publishers/${publisher}.json`)))('%s', (title, golden) =>
      expectEngineLogits(native(), title, golden, buildPublished),
    );
  });
});

test.each(Object.entries(stateDicts))(
  '%s: the names and shapes of its state dict are its publisher’s',
  expectStateDict,
);
