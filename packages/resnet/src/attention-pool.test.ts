import { shapesOnly, usualLayers, VarScope } from '@residual/blocks';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { attentionPool } from './attention-pool.ts';
import { clipSpecs } from './clip.ts';
import { ResNet } from './resnet.ts';

test('a picture of another size is answered with the one there are places for', () => {
  const pool = attentionPool({ edge: 7, outFeatures: 5 })(new VarScope(shapesOnly), {
    channels: 128,
    layers: usualLayers,
  });
  expect(() => pool.forward({ shape: [1, 8, 9, 128] } as tf.Tensor4D)).toThrow(
    "attnpool: expected a feature map of 7 × 7 pixels, one for each place, got 8 × 9; give pictures of the model's sizePx",
  );
});

test('CLIP’s networks have OpenAI’s sizes and no head', () => {
  const models = clipSpecs().map((spec) => new ResNet(spec, { vars: shapesOnly }));
  expect(models.map(({ sizePx, numPooled }) => [sizePx, numPooled])).toEqual([
    [224, 1024],
    [224, 512],
    [288, 640],
    [384, 768],
    [448, 1024],
  ]);
  for (const { endpoints } of models) expect(endpoints.at(-1)).toBe('pooled');
});
