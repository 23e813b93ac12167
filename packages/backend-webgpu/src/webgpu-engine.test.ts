import { interpret, trace } from '@residual/compile';
import { engineContract, requirement, uniform } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { webgpu } from './webgpu-engine.ts';

// Its compiler takes seconds for a shader.
describe.skipIf(!requirement('lavapipe'))('webgpu on lavapipe', { timeout: 600_000 }, () => {
  beforeAll(() => provideWebgpu('lavapipe'));

  engineContract('webgpu', { engine: webgpu, trace, interpret, tolerance: 1e-5, profiles: true });
});

describe.skipIf(!requirement('webgpu'))('webgpu', () => {
  beforeAll(() => provideWebgpu());

  engineContract('webgpu', { engine: webgpu, trace, interpret, tolerance: 1e-5, profiles: true });

  test('sums and maxima that keep their dimensions', async () => {
    const graph = await trace((t) => {
      const x = t.input('x', [2, 4, 4, 6]);
      return { max: tf.max(x, 3, true), sum: tf.sum(x, -1, true), all: tf.sum(x, [0, 1, 2]) };
    });
    const x = Float32Array.from(uniform('x', 192));
    const executable = await webgpu().compile(graph, new Map());
    const results = await executable.run({ x });
    await executable.dispose();
    const rows = Array.from({ length: 32 }, (_, row) => [...x.subarray(6 * row, 6 * row + 6)]);
    expect(results['max']).toEqual(Float32Array.from(rows, (row) => Math.max(...row)));
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    for (const [row, values] of rows.entries()) expect(results['sum']![row]).toBeCloseTo(total(values), 5);
    for (let c = 0; c < 6; c++) expect(results['all']![c]).toBeCloseTo(total(rows.map((row) => row[c]!)), 4);
  });

  test('a state has the names and lengths of the graph, and goes with its executable', async () => {
    const graph = await trace((t) => ({ state: tf.add(t.input('state', [8]), t.input('x', [])) }));
    const executable = await webgpu().compile(graph, new Map(), { carried: ['state'] });
    const { state } = executable;
    expect(() => state!.write({ state: new Float32Array(9) })).toThrow('state: expected 8 numbers, got 9');
    expect(() => state!.write({ other: new Float32Array(8) })).toThrow('state other: expected one of state');
    state!.write({ state: new Float32Array(8).fill(2) });
    await executable.run({ x: Float32Array.of(0.5) });
    await executable.run({ x: Float32Array.of(0.5) });
    expect((await state!.read())['state']).toEqual(new Float32Array(8).fill(3));
    await executable.dispose();
    await expect(state!.read()).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  test('training in float16 is refused in one line', async () => {
    const graph = await trace((t) => ({ next: tf.add(t.input('state', [8]), 1) }));
    await expect(webgpu({ precision: 'fp16' }).compile(graph, new Map(), { carried: ['state'] })).rejects.toThrow(
      'precision: expected fp32, which is all that training on webgpu computes in, got fp16',
    );
  });

  test('a profile times each dispatch by the device, or one by one where it has no clock, and says so', async () => {
    const graph = await trace((t) => {
      const x = t.input('x', [1, 8, 8, 8]) as tf.Tensor4D;
      const hidden = tf.relu(tf.conv2d(x, t.parameter('v', [3, 3, 8, 8]) as tf.Tensor4D, 1, 'same')) as tf.Tensor4D;
      return { y: tf.conv2d(hidden, t.parameter('w', [1, 1, 8, 4]) as tf.Tensor4D, 1, 'valid') };
    });
    const weights = new Map([
      ['v', { shape: [3, 3, 8, 8], data: new Float32Array(9 * 64).fill(0.1) }],
      ['w', { shape: [1, 1, 8, 4], data: new Float32Array(32).fill(0.2) }],
    ]);
    const inputs = { x: Float32Array.from(uniform('x', 512)) };
    const adapter = (await navigator.gpu.requestAdapter())!;
    expect(adapter.features.has('timestamp-query')).toBe(true);
    const device = await adapter.requestDevice();
    for (const [engine, hasClock] of [
      [webgpu(), true],
      [webgpu({ device }), false],
    ] as const) {
      const executable = await engine.compile(graph, weights);
      const { steps, note, outputs } = await executable.profile!(inputs, { runs: 2 });
      expect(outputs).toEqual(await executable.run(inputs));
      await executable.dispose();
      expect(steps.map(({ name, multiplyAdds }) => [name, multiplyAdds])).toEqual([
        ['v', 64 * 8 * 72],
        ['w', 64 * 4 * 8],
      ]);
      for (const { algorithm, timeMs } of steps) {
        expect(algorithm).toMatch(/^direct/);
        expect(timeMs).toBeGreaterThanOrEqual(0);
      }
      if (hasClock) expect(note).toBeUndefined();
      else expect(note).toMatch(/no timestamp-query/);
    }
    device.destroy();
  });

  test('an operation without a shader is named', async () => {
    const graph = await trace((t) => ({ y: tf.erf(t.input('x', [1, 4])) }));
    await expect(webgpu().compile(graph, new Map())).rejects.toMatchObject({
      code: 'UNSUPPORTED_NODE',
      message: expect.stringContaining("'Erf'"),
    });
  });
});
