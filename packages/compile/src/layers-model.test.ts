import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { tfjs } from './engine/tfjs-engine.ts';
import { summary } from './summary.ts';
import { trace } from './trace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('a tfjs-layers model compiles as it is', async () => {
  const model = sequential({
    layers: [
      layers.conv2d({ inputShape: [32, 32, 3], filters: 8, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', strides: 2 }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', name: 'last' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.globalAveragePooling2d({}),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 10, activation: 'softmax', name: 'head' }),
    ],
  });
  const graph = await trace((t) => ({ odds: model.predict(t.input('image', [1, 32, 32, 3])) as tf.Tensor }));
  expect(summary(graph).parameters).toBe(model.countParams() - 2 * (8 + 8)); // Keras counts moving averages
  expect(graph.nodes.map(({ label }) => label)).toContain('last');

  const executable = await tfjs().compile(graph, new Map());
  // Three convolutions with their batch norms, biases and ReLUs, two pools, the dense layer and the softmax.
  expect(executable.info.nodeCount).toBe(7);
  const image = tf.randomUniform([1, 32, 32, 3], 0, 1, 'float32', 1);
  const { odds } = await executable.run({ image: image.dataSync() as Float32Array });
  expectClose(odds!, (model.predict(image) as tf.Tensor).dataSync(), 1e-5);
  await executable.dispose();
});
