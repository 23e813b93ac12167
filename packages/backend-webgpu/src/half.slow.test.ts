import { bind, type Graph, optimize, trace } from '@residual/compile';
import { expectClose, requirement, uniform } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { planBytes } from '../test/plan-bytes.ts';
import { precisionParity } from './precision-parity.ts';
import { loadPlan } from './runtime/load-plan.ts';
import { type WebgpuExecutable, webgpu } from './webgpu-engine.ts';

const image = Float32Array.from(uniform('image', 16 * 16 * 3));

const shapes: Readonly<Record<string, readonly number[]>> = {
  stem: [3, 3, 3, 10],
  first: [3, 3, 10, 16],
  second: [1, 1, 16, 10],
  third: [3, 3, 10, 10],
  head: [10, 5],
};
const weights = new Map(
  Object.entries(shapes).map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const scale = 4 / Math.sqrt(count / shape.at(-1)!);
    return [name, { shape, data: Float32Array.from(uniform(name, count), (u) => scale * (u - 0.5)) }];
  }),
);

/** Residuals in place and not, a value that is both given out and read, pooling, padding, a softmax. */
function net(): Promise<Graph> {
  return trace((t) => {
    const conv = (x: tf.Tensor, name: string) =>
      tf.conv2d(x as tf.Tensor4D, t.parameter(name, [...shapes[name]!]) as tf.Tensor4D, 1, 'same');
    const stem = tf.maxPool(tf.relu(conv(t.input('image', [1, 16, 16, 3]), 'stem')) as tf.Tensor4D, 3, 2, 'same');
    const block = tf.relu(tf.add(conv(tf.relu(conv(stem, 'first')), 'second'), stem));
    const gated = tf.mul(
      tf.sigmoid(conv(block, 'third')),
      tf.pad(block, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
    );
    const pooled = tf.mean(gated, [1, 2]) as tf.Tensor2D;
    const logits = tf.matMul(pooled, t.parameter('head', [10, 5]) as tf.Tensor2D);
    return { block, pooled, logits, probabilities: tf.softmax(logits) };
  });
}

describe.skipIf(!requirement('webgpu'))('float16', () => {
  let graph: Graph;
  let exact: Record<string, Float32Array>;
  let ofExact: WebgpuExecutable['info'];
  beforeAll(async () => {
    await provideWebgpu();
    graph = await net();
    const executable = await webgpu().compile(graph, weights);
    exact = (await executable.run({ image })) as Record<string, Float32Array>;
    ofExact = executable.info;
    await executable.dispose();
  });

  test('its digits, and half the memory', async () => {
    const executable = await webgpu({ precision: 'fp16' }).compile(graph, weights);
    const found = await executable.run({ image });
    for (const [name, values] of Object.entries(exact)) {
      expectClose(found[name] as Float32Array, values, 5e-3, name);
      expect(found[name], name).not.toEqual(values);
    }
    expect(executable.info.device).toBe(`${ofExact.device}, fp16`);
    expect(executable.info.weightBytes).toBe(ofExact.weightBytes / 2);
    const { steps } = await executable.profile!({ image }, { runs: 1 });
    const inner = steps.find(({ name }) => name === 'first')!;
    expect([inner.readBytes, inner.writtenBytes]).toEqual([8 * 8 * 12 * 2, 8 * 8 * 16 * 2]);
    await executable.dispose();
  });

  test('a report says how far its answers are, on this adapter', async () => {
    const images = [image, image.map((level) => 1 - level)] as const;
    const report = await precisionParity(graph, weights, images);
    expect(report).toMatchObject({ adapter: ofExact.device, pictures: 2, sameTop1: 2 });
    expect(report.largestLogit).toBeGreaterThanOrEqual(Math.max(...exact['logits']!.map(Math.abs)));
    for (const { buildMs, firstMs, warmMs, layers } of Object.values(report.times)) {
      for (const ms of [buildMs, firstMs, warmMs]) expect(ms).toBeGreaterThan(0);
      expect(layers.find(({ name }) => name === 'first')?.algorithm).toMatch(/^direct/);
    }
    expect(report.largestDifference).toBeGreaterThan(0);
    expect(report.largestDifference).toBeLessThan(5e-3 * report.largestLogit);
  });

  test('what is compiled may ask for another than the engine was made with', async () => {
    const engine = webgpu({ precision: 'fp16' });
    const executable = await engine.compile(graph, weights, { precision: 'fp32' });
    expect(await executable.run({ image })).toEqual(exact);
    await executable.dispose();
  });

  test('a plan file has half the weights, and the numbers of the engine', async () => {
    const bound = bind(optimize(graph), weights);
    const [whole, half] = [planBytes(bound, { precision: 'fp32' }), planBytes(bound, { precision: 'fp16' })];
    expect([whole, half].map(weightBytesOf)).toEqual([ofExact.weightBytes, ofExact.weightBytes / 2]);
    const executable = await webgpu({ precision: 'fp16' }).compile(graph, weights);
    const plan = await loadPlan(half);
    expect(await plan.run({ image })).toEqual(await executable.run({ image }));
    await plan.dispose();
    await executable.dispose();
  });

  test('weights beyond its range are refused by the name of their layer', async () => {
    const tooLarge = new Map(weights).set('first', { shape: shapes['first']!, data: new Float32Array(1440).fill(7e4) });
    await expect(webgpu({ precision: 'fp16' }).compile(graph, tooLarge)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'precision: first: expected weights within ±65504, the range of fp16, got 70000; take fp32',
    });
  });

  test('the fastest is float32 where the adapter does not say that it computes with halves', async () => {
    const executable = await webgpu({ precision: 'fastest' }).compile(graph, weights);
    expect(await executable.run({ image })).toEqual(exact);
    await executable.dispose();
  });

  test.skipIf(!requirement('lavapipe'))('and float16 where it does', async () => {
    await provideWebgpu('lavapipe');
    const small = await trace((t) => {
      const hidden = tf.relu(tf.matMul(t.input('x', [2, 8]) as tf.Tensor2D, t.parameter('v', [8, 8]) as tf.Tensor2D));
      return { y: tf.matMul(hidden as tf.Tensor2D, t.parameter('w', [8, 8]) as tf.Tensor2D) };
    });
    const pair = ['v', 'w'].map(
      (name) => [name, { shape: [8, 8], data: Float32Array.from(uniform(name, 64)) }] as const,
    );
    const x = Float32Array.from(uniform('x', 16));
    const answers: { readonly y: Float32Array; readonly device: string }[] = [];
    for (const precision of ['fp32', 'fastest'] as const) {
      const executable = await webgpu({ precision }).compile(small, new Map(pair));
      answers.push({ y: (await executable.run({ x }))['y'] as Float32Array, device: executable.info.device });
      await executable.dispose();
    }
    expect(answers[1]!.device).toMatch(/llvmpipe.*, fp16$/);
    expectClose(answers[1]!.y, answers[0]!.y, 5e-3);
    expect(answers[1]!.y).not.toEqual(answers[0]!.y);
  });
});

/** Of a plan file: what follows its header. */
function weightBytesOf(file: ArrayBuffer): number {
  return file.byteLength - 4 - new DataView(file).getUint32(0, true);
}
