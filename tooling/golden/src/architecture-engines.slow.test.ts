import type { Engine } from '@residual/compile';
import { beforeAll, describe, test } from 'vitest';
import { buildArchitecture } from './architectures.ts';
import { expectEngineLogits } from './engine-logits.ts';
import { engines } from './engines.ts';
import { readGoldens } from './network-goldens.ts';

// Made by tooling/golden/architectures.py.
const goldens = readGoldens('architectures.json');

/** One network of each kind of block, activation and head, at odd sizes and with batches; `native` computes all. */
const kinds = [
  'resnet50d at 75x91',
  'resnet50d, outputStride 16 at 75x91',
  'seresnet50 at 75x91',
  'resnetv2_50, outputStride 8 at 75x91',
  'cifar_preact_resnet18 at 32x40',
  'resnet18, silu at 75x91',
  'resnet18, leaky_relu at 75x91',
  'resnet18, hardswish at 75x91',
  'resnet18, relu6 at 75x91',
  'resnet18, head of two layers at 64x80',
  'resnet18, fastai at 64x80',
  'resnet18, one channel at 64x80',
];

/** A pre-activated net with a batch of two, one with max pooling and basic blocks, one of bottlenecks that squeeze and excite. */
const few = ['cifar_preact_resnet18 at 32x40', 'resnet18, relu6 at 75x91', 'seresnet50 at 75x91'];

describe.each(engines)('$title', ({ title: engineTitle, present, compilesSlowly, tolerance, start }) => {
  describe.skipIf(!present)(`gives PyTorch's logits within ${tolerance ?? 1e-4} of the largest`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await start();
    });

    const titles = engineTitle === 'native' ? Object.keys(goldens) : compilesSlowly ? few : kinds;
    test.each(titles)('%s', { timeout: 600_000 }, (title) =>
      expectEngineLogits(engine, title, goldens[title]!, buildArchitecture, tolerance),
    );
  });
});
