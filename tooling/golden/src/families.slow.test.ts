import { native } from '@residual/backend-node';
import { requirement } from '@residual/testing';
import { describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { families, readFamily } from './families.ts';

describe.skipIf(!requirement('native'))("native gives timm's logits within 1e-4 of the largest", () => {
  describe.each(families)('%s', (family) => {
    test.each(Object.entries(readFamily(family).logits))('%s', (title, golden) =>
      expectEngineLogits(native(), title, golden),
    );
  });
});
