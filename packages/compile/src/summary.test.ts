import { createModel } from '@residual/resnet/registry';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { summary } from './summary.ts';
import { trace } from './trace.ts';

async function summaryOf(name: string, imagePx: number) {
  return summary(
    await trace((t) => {
      const vars = (path: string, { shape, trainable }: { shape: number[]; trainable: boolean }) =>
        t.parameter(path, shape, { trainable });
      return { logits: createModel(name, { vars }).forward(t.input('image', [1, imagePx, imagePx, 3]) as tf.Tensor4D) };
    }),
  );
}

// Parameters and GFLOPS (`_ops`, multiply-adds) from torchvision's weights' meta; activations (M) from timm's
// benchmark tables, where it has the model.
test.each([
  ['resnet18', 11689512, 1.814, 2.48],
  ['resnet34', 21797672, 3.664, 3.74],
  ['resnet50', 25557032, 4.089, 11.11],
  ['resnet101', 44549160, 7.801, 16.23],
  ['resnet152', 60192808, 11.514, 22.56],
  ['resnext50_32x4d', 25028904, 4.23, 14.4],
  ['resnext101_32x8d', 88791336, 16.414, 31.21],
  ['resnext101_64x4d', 83455272, 15.46, 31.21],
  ['wide_resnet50_2', 68883240, 11.398, 14.4],
  ['wide_resnet101_2', 126886696, 22.753, 21.23],
])('%s costs what torchvision and timm publish', async (name, parameters, gigaMultiplyAdds, megaActivations) => {
  const counted = await summaryOf(name, 224);
  expect(counted.parameters).toBe(parameters);
  expect(Number((counted.multiplyAdds / 1e9).toFixed(3))).toBe(gigaMultiplyAdds);
  expect(Number((counted.activations / 1e6).toFixed(2))).toBe(megaActivations);
  expect(counted.layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameters);
});

// 0.27 and 0.85 million: He et al. 2015, table 6; option A adds nothing, so the plain twins have as many.
test.each([
  ['resnet20', 269722],
  ['plain20', 269722],
  ['resnet56', 853018],
  ['plain56', 853018],
])('%s has the parameters of the paper', async (name, parameters) => {
  expect((await summaryOf(name, 32)).parameters).toBe(parameters);
});

test('a summary takes no memory for weights, and no backend', async () => {
  expect(tf.engine().backendNames()).toEqual([]);
  const bytesBefore = process.memoryUsage().arrayBuffers;
  await summaryOf('wide_resnet101_2', 224);
  expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(1e6);
});

test('layers are named after the parameters they read', async () => {
  const { layers } = await summaryOf('resnet18', 224);
  const first = layers.filter(({ label }) => label === 'conv1' || label === 'bn1');
  expect(first.map(({ op }) => op)).toEqual(['Conv2D', 'FusedBatchNorm', 'Relu', 'PadV2', 'MaxPool', 'PadV2']);
  expect(layers.at(-1)).toEqual({
    label: 'fc',
    op: 'Add',
    outputShape: [1, 1000],
    parameters: 1000,
    multiplyAdds: 0,
    activations: 0,
  });
});
