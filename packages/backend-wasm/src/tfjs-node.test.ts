import { useFirstTfjsBackend } from '@residual/compile';
import { backendContract } from '@residual/testing';
import { getBackend } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tfjsWasm } from './tfjs-node.ts';

backendContract('tfjs-wasm', () => tfjsWasm().use(), { gradients: false, groupedConvolution: false });

test('says what it runs on, and starting it twice does no harm', async () => {
  const first = await tfjsWasm().use();
  expect(first).toEqual({ name: 'tfjs-wasm', version: '4.22.0', runsOn: 'WebAssembly SIMD, 1 thread' });
  expect(await tfjsWasm().use()).toEqual(first);
  expect(getBackend()).toBe('wasm');
});

test('serves where the one before it cannot, and the reason is told', async () => {
  const absent = {
    name: 'tfjs-node',
    isAvailable: async () => ({ available: false as const, reason: 'not installed' }),
    use: () => Promise.reject(new Error('was asked all the same')),
  };
  const { info, passedOver } = await useFirstTfjsBackend([absent, tfjsWasm()]);
  expect(info.name).toBe('tfjs-wasm');
  expect(passedOver).toEqual([{ name: 'tfjs-node', reason: 'not installed' }]);
  await expect(useFirstTfjsBackend([absent])).rejects.toThrow(
    'no tfjs backend can run here (tfjs-node: not installed)',
  );
});
