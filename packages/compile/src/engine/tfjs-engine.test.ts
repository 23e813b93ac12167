import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { engineContract } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { interpret } from '../interpret.ts';
import { trace } from '../trace.ts';
import { tfjs } from './tfjs-engine.ts';

engineContract('tfjs on the CPU', {
  engine: tfjs,
  trace,
  interpret,
  setUp: () => tf.setBackend('cpu'),
  tolerance: 1e-5,
  trains: true,
  profiles: true,
});

test('a long run is cancelled between operations, lets timers fire meanwhile, and leaves no tensors', async () => {
  await tf.setBackend('cpu');
  const graph = await trace((t) => {
    const filter = t.parameter('filter', [3, 3, 16, 16]) as tf.Tensor4D;
    let y = t.input('x', [1, 64, 64, 16]) as tf.Tensor4D;
    for (let layer = 0; layer < 30; layer++) y = tf.relu(tf.conv2d(y, filter, 1, 'same'));
    return { y };
  });
  const weights = new Map([['filter', { shape: [3, 3, 16, 16], data: new Float32Array(9 * 256).fill(0.01) }]]);
  const executable = await tfjs().compile(graph, weights);
  const x = new Float32Array(64 * 64 * 16).fill(1);
  const tensorsBefore = tf.memory().numTensors;
  let startMs = performance.now();
  await executable.run({ x });
  const wholeMs = performance.now() - startMs;

  startMs = performance.now();
  const cancelled = executable.run({ x }, { signal: AbortSignal.timeout(Math.ceil(wholeMs / 10)) });
  await expect(cancelled).rejects.toThrow(/timeout/i);
  expect(performance.now() - startMs).toBeLessThan(wholeMs * 0.8);
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  await executable.dispose();
});

test('several sizes of a net share their weights on the device, until the last of them goes', async () => {
  await tf.setBackend('cpu');
  const graphOf = (imagePx: number) =>
    trace((t) => {
      const x = t.input('x', [1, imagePx, imagePx, 8]) as tf.Tensor4D;
      const y = tf.conv2d(x, t.parameter('conv.weight', [3, 3, 8, 64]) as tf.Tensor4D, 1, 'same');
      const [mean, variance] = [t.parameter('bn.mean', [64]), t.parameter('bn.var', [64])] as [
        tf.Tensor1D,
        tf.Tensor1D,
      ];
      return { y: tf.batchNorm(y, mean, variance, undefined, undefined, 1e-5) };
    });
  const weights = new Map([
    ['conv.weight', { shape: [3, 3, 8, 64], data: new Float32Array(9 * 8 * 64).fill(0.5) }],
    ['bn.mean', { shape: [64], data: new Float32Array(64) }],
    ['bn.var', { shape: [64], data: new Float32Array(64).fill(1) }],
  ]);
  const engine = tfjs();
  const bytesBefore = tf.memory().numBytes;
  const small = await engine.compile(await graphOf(4), weights);
  const bytesOfOne = tf.memory().numBytes - bytesBefore;
  const large = await engine.compile(await graphOf(8), weights);
  expect(bytesOfOne).toBe(small.info.weightBytes);
  expect(tf.memory().numBytes - bytesBefore).toBe(bytesOfOne);
  await small.dispose();
  const { y } = await large.run({ x: new Float32Array(8 * 8 * 8).fill(1) });
  expect(y).toHaveLength(8 * 8 * 64);
  await large.dispose();
  expect(tf.memory().numBytes).toBe(bytesBefore);
});
