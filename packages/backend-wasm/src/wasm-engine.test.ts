import { interpret, trace } from '@residual/compile';
import { engineContract } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { allowRelaxedSimd, wasm } from './node.ts';

allowRelaxedSimd();

for (const [threads, isa] of [
  [1, 'simd128'],
  [1, 'relaxed-simd'],
  [2, 'relaxed-simd'],
] as const) {
  const name = `wasm, threads: ${threads}, isa: ${isa}`;
  engineContract(name, { engine: () => wasm({ threads, isa }), trace, interpret, tolerance: 1e-5, profiles: true });
}

test('says what it runs on', async () => {
  const graph = await trace((t) => ({ y: tf.relu(t.input('x', [1, 4])) }));
  for (const [options, device] of [
    [{ threads: 1 }, 'WASM relaxed-simd, 1 thread'],
    [{ threads: 2, isa: 'simd128' }, 'WASM simd128, 2 threads'],
  ] as const) {
    const executable = await wasm(options).compile(graph, new Map());
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
