import { native } from '@residual/backend-node';
import { requirement } from '@residual/testing';
import { describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { readGoldens } from './network-goldens.ts';

// Made by tooling/golden/keras_networks.py.
const goldens = readGoldens('publishers/keras.json');

describe.skipIf(!requirement('native'))("native gives the publisher's logits within 1e-4 of the largest", () => {
  test.each(Object.entries(goldens))('%s', (title, golden) => expectEngineLogits(native(), title, golden));
});
