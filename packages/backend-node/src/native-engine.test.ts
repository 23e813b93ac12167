import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interpret, trace, type Weight, type Weights } from '@residual/compile';
import { loadAddon } from '@residual/kernels/node';
import {
  deterministicTensor,
  engineContract,
  expectClose,
  requirement,
  type TracerLike,
  uniform,
} from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { describe, expect, test } from 'vitest';
import { type NativeOptions, native } from './native-engine.ts';

describe.skipIf(!requirement('native'))('native', () => {
  for (const isa of loadAddon().addon?.instructionSets() ?? []) {
    engineContract(`native on ${isa}`, {
      engine: () => native({ isa }),
      trace,
      interpret,
      tolerance: 1e-5,
      trains: true,
      profiles: true,
    });
  }

  const nets: Record<string, (x: tf.Tensor4D) => tf.Tensor4D> = {
    convolutions: (x: tf.Tensor4D) => x,
    'a gate': (x: tf.Tensor4D) => tf.mul(x, tf.sigmoid(tf.mean(x, [1, 2], true))),
    'a sum without an activation': (x: tf.Tensor4D) => tf.add(tf.mul(x, x), x) as tf.Tensor4D,
  };
  const cases = (['fp16', 'bf16', 'int8'] as const).flatMap((precision) =>
    Object.entries(nets).map(([name, between]) => ({ precision, name, between })),
  );
  test.each(cases)('$precision gives the numbers to two digits: $name', async ({ precision, between }) => {
    const filter = deterministicTensor('w', [24, 20, 3, 3]);
    const net = (t: TracerLike) => {
      const x = tf.relu(tf.add(t.input('x', [1, 9, 9, 20]), 0.1)) as tf.Tensor4D;
      const w = t.parameter('w', [3, 3, 20, 24]) as tf.Tensor4D;
      const first = between(tf.relu(tf.conv2d(x, w, 1, 'valid')) as tf.Tensor4D);
      return { y: tf.mean(tf.conv2d(first, t.parameter('v', [1, 1, 24, 5]) as tf.Tensor4D, 1, 'valid'), [1, 2]) };
    };
    const weights = new Map([
      ['w', { shape: [3, 3, 20, 24], data: filter }],
      ['v', { shape: [1, 1, 24, 5], data: deterministicTensor('v', [5, 24, 1, 1]) }],
    ]);
    const graph = await trace(net);
    const x = Float32Array.from(uniform('x', 9 * 9 * 20));
    const exact = await native().compile(graph, weights);
    const { y: expected } = await exact.run({ x });
    await exact.dispose();
    const reduced = native({ precision, calibration: [{ x }] });
    const executable = await reduced.compile(graph, weights).catch((error: unknown) => {
      // A CPU without the instructions: then this is what it must say.
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('expected a CPU with') });
    });
    if (executable === undefined) return;
    expect(executable.info.device).toContain(precision);
    const { y } = await executable.run({ x });
    await executable.dispose();
    expectClose(y!, expected!, 0.02);
  });

  test('algorithms chosen by measurement give the same numbers, and are kept in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'residual-tune-'));
    const graph = await trace((t) => {
      const x = t.input('x', [1, 14, 14, 32]) as tf.Tensor4D;
      const y = tf.relu(tf.conv2d(x, t.parameter('w', [3, 3, 32, 32]) as tf.Tensor4D, 1, 'same')) as tf.Tensor4D;
      return { y: tf.mean(y, [1, 2]) };
    });
    const weights: Weights = new Map([
      ['w', { shape: [3, 3, 32, 32], data: deterministicTensor('w', [32, 32, 3, 3]) }],
    ]);
    const x = Float32Array.from(uniform('x', 14 * 14 * 32));
    const answer = async (options: NativeOptions) => {
      const executable = await native({ isa: 'portable', ...options }).compile(graph, weights);
      const { y } = await executable.run({ x });
      await executable.dispose();
      return y!;
    };
    const expected = await answer({});
    expectClose(await answer({ tune: { budgetMs: 500, folder } }), expected, 1e-5);
    const [file, ...others] = await readdir(folder);
    expect([file, others]).toEqual([expect.stringMatching(/^tuning-.*portable.*\.json$/), []]);
    const kept = JSON.parse(await readFile(join(folder, file!), 'utf8'));
    expect(Object.values(kept)).toEqual([expect.objectContaining({ algorithm: expect.any(String) })]);
    const again = await answer({ tune: { budgetMs: 0, folder } });
    expectClose(again, expected, 1e-5);
    expect(await answer({ tune: { budgetMs: 0, folder } })).toEqual(again);
    await rm(folder, { recursive: true });
    await expect(answer({ tune: { budgetMs: Number.NaN } })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });

  test('a profile of a training step has its convolutions and both gradients of each', async () => {
    const graph = await trace((t) => {
      const x = t.input('x', [2, 8, 8, 3]) as tf.Tensor4D;
      const filters = [t.input('v', [3, 3, 3, 16]), t.input('w', [3, 3, 16, 32])] as tf.Tensor4D[];
      const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => {
        const [v, w] = given as tf.Tensor4D[];
        const hidden = tf.relu(tf.conv2d(x, v!, 1, 'same')) as tf.Tensor4D;
        return tf.mean(tf.conv2d(hidden, w!, 2, 'same')) as tf.Scalar;
      })(filters);
      return { loss: value, v: grads[0]!, w: grads[1]! };
    });
    const executable = await native().compile(graph, new Map());
    const inputs = Object.fromEntries(
      executable.inputs.map(({ name, shape }) => [
        name,
        Float32Array.from(
          uniform(
            name,
            shape.reduce((a, b) => a * b),
          ),
        ),
      ]),
    );
    const { steps, outputs } = await executable.profile!(inputs, { runs: 1 });
    expect(outputs).toEqual(await executable.run(inputs));
    await executable.dispose();
    const [first, second] = [2 * 64 * 16 * 27, 2 * 16 * 32 * 144];
    expect(
      steps.filter(({ multiplyAdds }) => multiplyAdds > 0).map(({ kind, multiplyAdds }) => [kind, multiplyAdds]),
    ).toEqual([
      ['FusedConv2D', first],
      ['FusedConv2D', second],
      ['Conv2DBackpropFilter', second],
      ['Conv2DBackpropInput', second],
      ['Conv2DBackpropFilter', first],
    ]);
    for (const { readBytes, writtenBytes } of steps) expect(Math.min(readBytes, writtenBytes)).toBeGreaterThan(0);
  });

  test('executables of several sizes side by side share packed weights', async () => {
    const channels = 2048;
    const net = (batch: number, sizePx: number) => (t: TracerLike) => {
      const x = t.input('x', [batch, sizePx, sizePx, channels]) as tf.Tensor4D;
      const w = t.parameter('w', [1, 1, channels, channels]) as tf.Tensor4D;
      const [mean, variance, scale] = ['mean', 'variance', 'scale'].map(
        (name) => t.parameter(name, [channels]) as tf.Tensor1D,
      );
      const y = tf.batchNorm(tf.conv2d(x, w, 1, 'valid'), mean!, variance!, undefined, scale);
      return { y: tf.mean(y as tf.Tensor4D, [1, 2]) };
    };
    const w = new Float32Array(channels * channels).fill(1 / channels);
    const weights: Weights = new Map<string, Weight>([
      ['w', { shape: [1, 1, channels, channels], data: w, axes: [3, 2, 0, 1] }],
      ...Object.entries({ mean: 0, variance: 1, scale: 2 }).map(
        ([name, number]) => [name, { shape: [channels], data: new Float32Array(channels).fill(number) }] as const,
      ),
    ]);
    const compile = async (batch: number, sizePx: number) =>
      native({ isa: 'portable' }).compile(await trace(net(batch, sizePx)), weights);
    const first = await compile(1, 2);
    expect(first.info.weightBytes).toBeGreaterThan(w.byteLength);
    const before = process.memoryUsage().rss;
    const others = [await compile(1, 3), await compile(2, 2), await compile(1, 4)];
    expect(process.memoryUsage().rss - before).toBeLessThan(w.byteLength);
    await first.dispose();
    for (const [index, executable] of others.entries()) {
      const { y } = await executable.run({ x: new Float32Array(channels * [9, 8, 16][index]!).fill(3) });
      expectClose(y!, new Float32Array(y!.length).fill(6), 1e-3);
      await executable.dispose();
    }
  });

  test('an operation that the kernels lack is named, with what to do', async () => {
    const graph = await trace((t) => ({ y: tf.erf(t.input('x', [1, 4])) }));
    await expect(native().compile(graph, new Map())).rejects.toMatchObject({
      code: 'UNSUPPORTED_NODE',
      message: expect.stringContaining("'Erf'"),
    });
  });
});
