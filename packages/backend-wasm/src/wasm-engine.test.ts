import { interpret, trace } from '@residual/compile';
import { engineContract } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { wasm } from './wasm-engine.ts';

engineContract('wasm', { engine: wasm, trace, interpret, tolerance: 1e-5 });

test('is available wherever WebAssembly has SIMD', async () => {
  expect(await wasm().isAvailable()).toEqual({ available: true });
});

test('an operation that the kernels lack is named', async () => {
  const graph = await trace((t) => ({ y: tf.erf(t.input('x', [1, 4])) }));
  await expect(wasm().compile(graph, new Map())).rejects.toMatchObject({
    code: 'UNSUPPORTED_NODE',
    message: expect.stringContaining("'Erf'"),
  });
});
