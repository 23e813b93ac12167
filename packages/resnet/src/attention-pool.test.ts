import { fromTorch, shapesOnly, torchShape, usualLayers, VarScope } from '@residual/blocks';
import { deterministicPicture, deterministicTensor, expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
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

// tooling/golden/blocks.py: torch 2.15's multi_head_attention_forward, two heads over 3 × 3 pixels.
test('the mean looks at itself and at all pixels, in heads', async () => {
  await tf.setBackend('cpu');
  const vars = new VarScope((path, { layout, shape }) => {
    const torch = torchShape(layout, shape);
    return tf.tensor(fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) }), shape);
  });
  const pool = attentionPool({ edge: 3, outFeatures: 5 })(vars, { channels: 128, layers: usualLayers });
  const y = pool.forward(tf.tensor4d(deterministicPicture([2, 3, 3, 128]), [2, 3, 3, 128]));
  expect(y.shape).toEqual([2, 5]);
  const expected = [
    -0.130095, -0.008268, -0.214432, -0.085081, 0.033806, -0.143312, -0.071605, -0.173735, -0.081457, 0.073117,
  ];
  expectClose(y.dataSync(), expected, 1e-4);
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
