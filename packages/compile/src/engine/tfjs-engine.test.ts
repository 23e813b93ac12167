import '@tensorflow/tfjs-backend-cpu';
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
