import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { efficientChannelAttention } from './efficient-channel-attention.ts';
import { usualLayers } from './layers.ts';
import { fromTorch, torchShape, toTorch } from './layout.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// timm 1.0: EcaModule(channels).conv.weight.shape[2]
test.each([
  [16, 3],
  [64, 3],
  [128, 5],
  [1024, 5],
  [2048, 7],
])('%i channels: a filter of %i', (channels, size) => {
  const filterOf = (options: { channels: number; unprunedChannels?: number }): unknown[] => {
    const vars = new VarScope(shapesOnly);
    efficientChannelAttention(vars, { ...options, layers: usualLayers });
    return [...vars.specs].map(([name, { layout, shape, trainable }]) => [name, torchShape(layout, shape), trainable]);
  };
  expect(filterOf({ channels })).toEqual([['se.conv.weight', [1, 1, size], true]]);
  expect(filterOf({ channels: 19, unprunedChannels: channels })).toEqual([['se.conv.weight', [1, 1, size], true]]);
});

// timm 1.0: EcaModule(4) with the filter 0.5, -1, 2
test('each channel is weighed by the means of its neighbours, zeros beyond the first and the last', () => {
  const vars = new VarScope((_, { shape }) => tf.tensor([0.5, -1, 2], shape));
  const gate = efficientChannelAttention(vars, { channels: 4, layers: usualLayers });
  const x = tf.tensor4d([1, 2, 3, 4, 3, 0, 1, -2], [1, 2, 1, 4]);
  const expected = [0.5, 1.9640275, 1.867378, 2, 1.5, 0, 0.6224594, -1];
  expectClose(gate(x).dataSync(), expected, 1e-6);
  const twice = gate(tf.concat([tf.zerosLike(x), x]) as tf.Tensor4D).dataSync();
  expectClose(twice.slice(8), expected, 1e-6, 'the second picture');
});

test('a filter of one dimension is PyTorch’s `[out, in, size]`, here `[size, in, out]`', () => {
  const torch = { shape: [2, 1, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const here = fromTorch('conv1d', torch);
  expect([...here]).toEqual([1, 4, 2, 5, 3, 6]);
  expect(toTorch('conv1d', [3, 1, 2], here)).toEqual(torch);
});
