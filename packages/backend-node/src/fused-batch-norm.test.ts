import { expectClose, requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tfjsNode } from './tfjs-node.ts';

test.skipIf(!requirement('tfjs-node'))(
  "TensorFlow's batch norm in training and its gradient are what tfjs makes of operations, and leave nothing behind",
  async () => {
    await tfjsNode().use();
    const [x, scale, offset, weights] = ([[4, 5, 6, 3], [3], [3], [4, 5, 6, 3]] as number[][]).map((shape, seed) =>
      tf.randomNormal(shape as [number], 0.5, 2, 'float32', seed),
    ) as unknown as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor4D];
    const attributes = { varianceEpsilon: 1e-5 };
    const composed = (...args: tf.Tensor[]): tf.Tensor => {
      const [a, b, c] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
      const { mean, variance } = tf.moments(a, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
      return tf.batchNorm(a, mean, variance, c, b, 1e-5);
    };
    const run = (name: string, inputs: object): tf.Tensor[] =>
      tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes) as tf.Tensor[];
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const [y, mean, variance] = run('BatchNormTraining', { x, scale, offset });
      const gradients = run('BatchNormTrainingGrad', { dy: weights, x, scale, mean, variance });
      const expected = tf.grads((...args) => tf.mul(composed(...args), weights))([x, scale, offset]);
      expectClose(y!.dataSync(), composed(x, scale, offset).dataSync(), 1e-5, 'y');
      expectClose(mean!.dataSync(), tf.moments(x, [0, 1, 2]).mean.dataSync(), 1e-5, 'mean');
      expectClose(variance!.dataSync(), tf.moments(x, [0, 1, 2]).variance.dataSync(), 1e-5, 'variance');
      for (const [index, gradient] of gradients.entries())
        expectClose(gradient.dataSync(), expected[index]!.dataSync(), 1e-4, `gradient ${index}`);
    });
    expect(tf.memory().numTensors).toBe(before);
  },
);
