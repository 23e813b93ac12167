import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { optimize } from '../../passes/optimize.ts';
import { trace } from '../../trace.ts';
import { floatTypes } from './float-types.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('in a training step pictures and gradients of filters are bfloat16, filters with momentum and decay float32', async () => {
  const graph = optimize(
    await trace((t) => {
      const x = t.input('x', [4, 8, 8, 3]) as tf.Tensor4D;
      const [filter, velocity] = [t.input('filter', [3, 3, 3, 6]), t.input('velocity', [3, 3, 3, 6])];
      const second = t.input('second', [1, 1, 6, 6]) as tf.Tensor4D;
      const loss = (first: tf.Tensor, last: tf.Tensor): tf.Tensor => {
        const y = tf.relu(tf.conv2d(x, first as tf.Tensor4D, 1, 'same')) as tf.Tensor4D;
        const average = tf.mean(y, [1, 2], true);
        return tf.sum(tf.square(tf.mean(tf.conv2d(tf.mul(y, average), last as tf.Tensor4D, 1, 'valid'), [1, 2])));
      };
      const [gradient, other] = tf.grads(loss)([filter, second]) as [tf.Tensor, tf.Tensor];
      const moved = tf.add(tf.mul(velocity, 0.9), tf.add(gradient, tf.mul(filter, 0.01)));
      return { moved, filter: tf.sub(filter, moved), norm: tf.sum(tf.square(other)) };
    }),
  );
  const typeOf = floatTypes(graph, 'bfloat16');
  const typed = (type: string): string[] => {
    const nodes = graph.nodes.filter((node) => graph.values[node.outputs[0]!]!.shape.length === 4);
    return [...new Set(nodes.filter((node) => typeOf(node) === type).map(({ op }) => op))].sort();
  };
  const ofFilters = graph.nodes.filter(({ outputs: [id] }) => String(graph.values[id!]!.shape) === '3,3,3,6');
  expect(ofFilters.filter((node) => typeOf(node) === 'bfloat16').map(({ op }) => op)).toEqual(['Conv2DBackpropFilter']);
  expect(ofFilters.length).toBeGreaterThan(4);
  expect(typed('bfloat16')).toEqual(
    expect.arrayContaining(['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'FusedConv2D', 'ReluGrad']),
  );
  expect(typed('float32')).toEqual(expect.arrayContaining(['Add', 'Mean', 'Multiply', 'Sub']));
  expect(graph.nodes.every((node) => floatTypes(graph, 'float32')(node) === 'float32')).toBe(true);
});
