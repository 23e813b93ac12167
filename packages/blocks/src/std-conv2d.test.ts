import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, test } from 'vitest';
import { stdConv2d } from './std-conv2d.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('each filter is standardised over what it reads', () => {
  // timm 1.0 StdConv2d(2, 2, 1, eps=1e-3) with the weight [[1, 3], [-2, 0.5]] of [out, in].
  const weight = tf.variable(tf.tensor4d([1, -2, 3, 0.5], [1, 1, 2, 2]));
  const conv = stdConv2d(1e-3)(new VarScope(() => weight), { inChannels: 2, outChannels: 2, kernelSize: 1 });
  const x = tf.tensor4d([1, 2, 3, 5], [1, 1, 2, 2]);
  expectClose(conv.forward(x).dataSync(), [0.9995, 0.99968, 1.999, 1.99936], 1e-5);
  const { grads } = tf.variableGrads(() => tf.sum(tf.square(conv.forward(x))));
  expectClose(Object.values(grads)[0]!.dataSync(), [-0.00499, -0.002556, 0.00499, 0.002556], 1e-3);
});
