import { native } from '@residual/backend-node';
import { requirement } from '@residual/testing';
import { describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { families, readFamily } from './families.ts';
import { expectStateDict } from './state-dict-goldens.ts';

describe.each(families)('%s', (family) => {
  const { stateDicts, logits } = readFamily(family);

  test.each(Object.entries(stateDicts))('%s: the names and shapes of its state dict are timm’s', expectStateDict);

  describe.skipIf(!requirement('native'))("native gives timm's logits within 1e-4 of the largest", () => {
    test.each(Object.entries(logits))('%s', (title, golden) => expectEngineLogits(native(), title, golden));
  });
});
