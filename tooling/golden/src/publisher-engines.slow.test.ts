import type { Engine } from '@residual/compile';
import { beforeAll, describe, test } from 'vitest';
import { expectEngineLogits } from './engine-logits.ts';
import { engines } from './engines.ts';
import { readGoldens } from './network-goldens.ts';
import { buildPublished } from './publishers.ts';

/** One network of each kind of block, stem and pooling; all others are on `native`, in publishers.slow.test.ts. */
const kinds = ['keras_resnet50v2 at 75x91', 'cifar_resnet18_maxpool at 27x35', 'clip_resnet50 at 64x64'];
const goldens = ['keras', 'cifar', 'clip'].map((publisher) => readGoldens(`publishers/${publisher}.json`));
const all = Object.assign({}, ...goldens) as (typeof goldens)[number];

/** The mean in place of a stride, and pooling by attention. */
const few = ['clip_resnet50 at 64x64'];

const others = engines.filter(({ title }) => title !== 'native');
describe.each(others)('$title', ({ present, compilesSlowly, tolerance, start }) => {
  describe.skipIf(!present)(`gives the publisher's answers within ${tolerance ?? 1e-4} of the largest`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await start();
    });

    test.each(compilesSlowly ? few : kinds)('%s', { timeout: 600_000 }, (title) =>
      expectEngineLogits(engine, title, all[title]!, buildPublished, tolerance),
    );
  });
});
