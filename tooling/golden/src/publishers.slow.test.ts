import { native } from '@residual/backend-node';
import { requirement } from '@residual/testing';
import { describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { readGoldens } from './network-goldens.ts';
import { buildPublished } from './publishers.ts';

// Made by tooling/golden/publishers.py and keras_networks.py.
describe.skipIf(!requirement('native'))("native gives the publisher's answers within 1e-4 of the largest", () => {
  describe.each(['keras', 'cifar', 'clip'])('%s', (publisher) => {
    test.each(Object.entries(readGoldens(`publishers/${publisher}.json`)))('%s', (title, golden) =>
      expectEngineLogits(native(), title, golden, buildPublished),
    );
  });
});
