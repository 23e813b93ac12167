import type { Engine } from '@residual/compile';
import { beforeAll, describe, test } from 'vitest';
import { buildArchitecture } from './architectures.ts';
import { expectEngineLogits } from './engine-logits.ts';
import { engines } from './engines.ts';
import { families, readFamily } from './families.ts';

/**
 * One network of each kind of block, norm and convolution; all others are on `native`, in families.slow.test.ts. The mean in place of a
 * stride is CLIP's, in publisher-engines.slow.test.ts.
 */
const kinds = [
  'senet154, one block a stage at 75x91',
  'ecaresnet269d, one block a stage at 75x91',
  'resnetblur18 at 75x91',
  'resnetrs270, one block a stage at 75x91',
  'legacy_seresnet18 at 75x91',
  'resnetv2_18d at 75x91',
  'resnetv2_50d_gn, two blocks a stage at 75x91',
  'resnetv2_50d_evos, two blocks a stage at 75x91',
  'resnetv2_50x1_bit, two blocks a stage at 75x91',
  'res2next50, two blocks a stage at 75x91',
  'resnest50d_4s2x40d, two blocks a stage at 75x91',
  'resnest50d_1s4x24d, two blocks a stage at 75x91',
  'skresnet18 at 75x91',
  'skresnext50_32x4d, two blocks a stage at 75x91',
];
const goldens = Object.fromEntries(families.flatMap((family) => Object.entries(readFamily(family).logits)));

describe.each(engines.filter(({ title, compilesSlowly }) => title !== 'native' && !compilesSlowly))(
  '$title',
  ({ present, tolerance, start }) => {
    describe.skipIf(!present)(`gives timm's logits within ${tolerance ?? 1e-4} of the largest`, () => {
      let engine: Engine;
      beforeAll(async () => {
        engine = await start();
      });

      test.each(kinds)('%s', { timeout: 600_000 }, (title) =>
        expectEngineLogits(engine, title, goldens[title]!, buildArchitecture, tolerance),
      );
    });
  },
);
