import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { BindError } from './bind/bind-error.ts';
import { bind, type Weight } from './bind.ts';
import type { Graph } from './graph.ts';
import { optimize } from './passes/optimize.ts';
import { trace } from './trace.ts';

function net(batch: number): Promise<Graph> {
  return trace((t) => {
    const x = t.input('image', [batch, 4, 4, 1]) as tf.Tensor4D;
    const y = tf.conv2d(x, t.parameter('conv.weight', [1, 1, 1, 2]) as tf.Tensor4D, 1, 'valid');
    const [mean, variance, offset] = ['mean', 'var', 'bias'].map(
      (name) => t.parameter(`bn.${name}`, [2]) as tf.Tensor1D,
    );
    return { y: tf.batchNorm(y, mean!, variance!, offset, undefined, 1e-5) };
  });
}

function weights(): Map<string, Weight> {
  const vector = (...numbers: number[]): Weight => ({ shape: [2], data: Float32Array.from(numbers) });
  return new Map([
    ['conv.weight', { shape: [1, 1, 1, 2], data: Float32Array.of(3, 5) }],
    ['bn.mean', vector(1, 2)],
    ['bn.var', vector(4, 9)],
    ['bn.bias', vector(10, 20)],
  ]);
}

test('a folded batch norm is computed once, in float64, and rounded once', async () => {
  const bound = bind(optimize(await net(1)), weights());
  const [filter, bias] = bound.nodes[0]!.inputs.slice(1).map((id) => bound.constants.get(id)!);
  expect(bound.nodes).toHaveLength(1);
  expect(filter).toEqual(Float32Array.of(3 / Math.sqrt(4 + 1e-5), 5 / Math.sqrt(9 + 1e-5)));
  // ε itself is a float32 in the graph, which these digits do not show.
  expect(bias).toEqual(Float32Array.of(10 - 1 / Math.sqrt(4 + 1e-5), 20 - 2 / Math.sqrt(9 + 1e-5)));
});

test('graphs of other sizes get the same arrays from the same weights, and others from others', async () => {
  const shared = weights();
  const [one, three] = [bind(optimize(await net(1)), shared), bind(optimize(await net(3)), shared)];
  const arraysOf = (graph: Graph): unknown[] => [...graph.constants.values()];
  expect(arraysOf(one)).toHaveLength(2);
  arraysOf(one).forEach((array, index) => {
    expect(arraysOf(three)[index]).toBe(array);
  });
  expect(arraysOf(bind(optimize(await net(1)), weights()))[0]).not.toBe(arraysOf(one)[0]);
});

test.each<[string, (w: Map<string, Weight>) => unknown, string]>([
  ['is missing', (w) => w.delete('bn.var'), 'bn.var: expected [2], got no weight of that name'],
  [
    'has another shape',
    (w) => w.set('bn.var', { shape: [3], data: new Float32Array(3) }),
    'bn.var: expected [2], got [3]',
  ],
  [
    'is in another layout',
    (w) => w.set('conv.weight', { shape: [2, 1, 1, 1], data: new Float32Array(2) }),
    "conv.weight: expected [1, 1, 1, 2], got [2, 1, 1, 1]; give weights in tfjs's layout",
  ],
  ['has too few numbers', (w) => w.set('bn.var', { shape: [2], data: new Float32Array(1) }), 'got 1 numbers'],
])('a weight that %s is refused by name', async (_, spoil, message) => {
  const spoilt = weights();
  spoil(spoilt);
  const graph = await net(1);
  let error: unknown;
  try {
    bind(graph, spoilt);
  } catch (caught) {
    error = caught;
  }
  expect(BindError.isInstance(error)).toBe(true);
  expect((error as Error).message).toContain(message);
});
