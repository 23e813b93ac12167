import { interpret, trace } from '@residual/compile';
import { engineContract } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { wasm } from './wasm-engine.ts';

for (const threads of [1, 2]) {
  const name = `wasm, threads: ${threads}`;
  engineContract(name, { engine: () => wasm({ threads }), trace, interpret, tolerance: 1e-5 });
}

test('says how many threads it runs on', async () => {
  const graph = await trace((t) => ({ y: tf.relu(t.input('x', [1, 4])) }));
  for (const [threads, device] of [
    [1, 'WASM simd128, 1 thread'],
    [2, 'WASM simd128, 2 threads'],
  ] as const) {
    const executable = await wasm({ threads }).compile(graph, new Map());
    expect(executable.info.device).toBe(device);
    await executable.dispose();
  }
});

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
