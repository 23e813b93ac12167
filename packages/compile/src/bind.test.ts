import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { BindError } from './bind/bind-error.ts';
import { bind, countRunNodes, type Weight } from './bind.ts';
import type { Graph } from './graph.ts';
import { interpret } from './interpret.ts';
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

/** The filter as PyTorch has it: [out, in, h, w]. */
function torchWeights(): Map<string, Weight> {
  return weights().set('conv.weight', {
    shape: [1, 1, 3, 2],
    data: Float32Array.of(3, 4, 5, 6, 7, 8),
    axes: [3, 2, 0, 1],
  });
}

function deepNet(): Promise<Graph> {
  return trace((t) => {
    const x = t.input('image', [1, 4, 4, 3]) as tf.Tensor4D;
    const y = tf.conv2d(x, t.parameter('conv.weight', [1, 1, 3, 2]) as tf.Tensor4D, 1, 'valid');
    const [mean, variance] = ['mean', 'var'].map((name) => t.parameter(`bn.${name}`, [2]) as tf.Tensor1D);
    return { y: tf.batchNorm(y, mean!, variance!, undefined, undefined, 1e-5) };
  });
}

test("weights may lie in PyTorch's order", async () => {
  const rowMajor = Float32Array.of(3, 6, 4, 7, 5, 8);
  const turned = bind(await deepNet(), torchWeights());
  expect([...turned.constants.values()]).toContainEqual(rowMajor);
  const shared = torchWeights();
  const [one, other] = [bind(await deepNet(), shared), bind(await deepNet(), shared)];
  expect([...one.constants.values()]).toEqual([...other.constants.values()]);
  expect([...one.constants.values()].find(({ length }) => length === 6)).toBe(
    [...other.constants.values()].find(({ length }) => length === 6),
  );
});

test('an engine that packs filters gets them as they lie, with what is to be done to them', async () => {
  const given = torchWeights();
  const bound = bind(optimize(await deepNet()), given, { leavesFilters: true });
  expect(bound.nodes.map(({ op }) => op)).toEqual(['Transpose', 'Multiply', 'FusedConv2D']);
  expect(countRunNodes(bound)).toBe(1);
  expect([...bound.constants.values()]).toContain(given.get('conv.weight')!.data);
  const image = tf.reshape(tf.range(0, 48), [1, 4, 4, 3]);
  const [left, computed] = [bound, bind(optimize(await deepNet()), given)].map((graph) => interpret(graph, { image }));
  expectClose(left!['y']!.dataSync(), computed!['y']!.dataSync(), 1e-6);
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

test('a filter that is made of repeated and filled numbers is a constant once it is bound', async () => {
  const graph = await trace((t) => {
    const x = t.input('x', [1, 4, 4, 3]) as tf.Tensor4D;
    const taps = tf.tile(t.parameter('taps', [2, 1, 1, 1]), [1, 2, 3, 2]) as tf.Tensor4D;
    return { y: tf.conv2d(x, tf.mul(taps, tf.fill([2, 2, 3, 2], 0.5)) as tf.Tensor4D, 1, 'valid') };
  });
  const bound = bind(graph, new Map([['taps', { shape: [2, 1, 1, 1], data: Float32Array.of(2, 4) }]]));
  expect(bound.nodes.map(({ op }) => op)).toEqual(['Conv2D']);
  expect([...bound.constants.values()]).toEqual([
    Float32Array.from({ length: 24 }, (_, index) => (index < 12 ? 1 : 2)),
  ]);
});
