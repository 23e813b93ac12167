import '@tensorflow/tfjs-backend-cpu';
import { createModel } from '@residual/resnet/registry';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { type Weights, weightsFrom } from './bind.ts';
import { tfjs } from './engine/tfjs-engine.ts';
import type { Engine } from './engine.ts';
import type { Graph } from './graph.ts';
import { trace } from './trace.ts';
import { verify } from './verify.ts';

let graph: Graph;
let weights: Weights;

beforeAll(async () => {
  await tf.setBackend('cpu');
  graph = await trace((t) => {
    const model = createModel('resnet20', { vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: model.forward(t.input('image', [1, 16, 16, 3]) as tf.Tensor4D) };
  });
  const model = createModel('resnet20');
  weights = await weightsFrom(model.variables, { release: true });
});

test('a sound engine agrees with the traced operations in every layer', async () => {
  const tensorsBefore = tf.memory().numTensors;
  const { outputs, layers } = await verify(graph, weights, tfjs());
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  expect(outputs).toMatchObject([{ label: 'logits', op: 'FusedMatMul', shape: [1, 10] }]);
  expect(layers).toHaveLength(19 + 2 * 2 + 2);
  for (const { label, relativeDifference } of [...outputs, ...layers]) {
    expect(relativeDifference, label).toBeLessThan(1e-5);
  }
});

test('the layer that an engine gets wrong comes first', async () => {
  const sound = tfjs();
  const unsound: Engine = {
    ...sound,
    compile: (asked, given, options) => {
      const nodes = asked.nodes.map((node) =>
        node.label === 'layer2.1.conv1' ? { ...node, attributes: { ...node.attributes, activation: 'linear' } } : node,
      );
      return sound.compile({ ...asked, nodes }, given, options);
    },
  };
  const { layers } = await verify(graph, weights, unsound);
  const wrong = layers.findIndex(({ label }) => label === 'layer2.1.conv1');
  expect(layers[wrong]!.relativeDifference).toBeGreaterThan(0.1);
  expect(layers.filter(({ label }) => label.startsWith('layer1')).every((l) => l.relativeDifference < 1e-5)).toBe(true);
  expect(layers.map((l) => l.relativeDifference)).toEqual(
    layers.map((l) => l.relativeDifference).sort((a, b) => b - a),
  );
});
