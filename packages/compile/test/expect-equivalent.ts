import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { bind, type Weight } from '../src/bind.ts';
import type { Graph } from '../src/graph.ts';
import { interpret } from '../src/interpret.ts';

function valuesFor(graph: Graph): Record<string, tf.Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }, index) => {
      const [low, high] = /var/.test(name) ? [0.5, 2] : [-1, 1];
      return [name, tf.randomUniform([...graph.values[value]!.shape], low, high, 'float32', index + 1)];
    }),
  );
}

/** The pass's graph gives what the traced one gives, up to rounding, also with its weights bound. */
export function expectEquivalent(before: Graph, after: Graph): Graph {
  const feeds = valuesFor(before);
  const weights = new Map<string, Weight>(
    Object.entries(feeds).map(([name, { shape, dataSync }]) => [
      name,
      { shape, data: dataSync.call(feeds[name]) as Float32Array },
    ]),
  );
  const bound = bind(after, weights);
  const expected = interpret(before, feeds);
  for (const actual of [interpret(after, feeds), interpret(bound, feeds)]) {
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      const scale = Math.max(...tensor.dataSync().map(Math.abs));
      const error = tf.max(tf.abs(tf.sub(tensor, actual[name]!))).dataSync()[0]!;
      expect(actual[name]!.shape).toEqual(tensor.shape);
      expect(error / scale, name).toBeLessThan(5e-6);
    }
  }
  return bound;
}

export function ops(graph: Graph): string[] {
  return graph.nodes.map(({ op }) => op);
}
