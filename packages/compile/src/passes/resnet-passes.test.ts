import '@tensorflow/tfjs-backend-cpu';
import { createModel } from '@residual/resnet/registry';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { expectEquivalent, ops } from '../../test/expect-equivalent.ts';
import { bind } from '../bind.ts';
import type { Graph } from '../graph.ts';
import { planBuffers } from '../plan-buffers.ts';
import { trace } from '../trace.ts';
import { optimize } from './optimize.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function resnet(name: string, imagePx: number): Promise<Graph> {
  return trace((t) => {
    const model = createModel(name, { vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: model.forward(t.input('image', [1, imagePx, imagePx, 3]) as tf.Tensor4D) };
  });
}

// Convolutions, the max pooling, the mean and the matrix product.
test.each([
  ['resnet18', 20 + 3],
  ['resnet50', 53 + 3],
  ['resnext50_32x4d', 53 + 3],
  ['resnet20_b', 21 + 2],
  ['plain20', 19 + 2],
])('%s is %i nodes once its weights are bound', async (name, nodeCount) => {
  const bound = expectEquivalent(await resnet(name, 32), optimize(await resnet(name, 32)));
  expect(bound.nodes).toHaveLength(nodeCount);
  expect(bound.inputs.map(({ name: input }) => input)).toEqual(['image']);
  expect(new Set(ops(bound)).has('FusedBatchNorm')).toBe(false);
});

test('option A keeps its pooling and channel padding, and nothing else', async () => {
  const bound = expectEquivalent(await resnet('resnet20', 32), optimize(await resnet('resnet20', 32)));
  expect(ops(bound).filter((op) => op !== 'FusedConv2D')).toEqual([
    'AvgPool',
    'PadV2',
    'AvgPool',
    'PadV2',
    'Mean',
    'FusedMatMul',
  ]);
});

test('a plan shares memory between values that never live together, and no two that do', async () => {
  const graph = optimize(await resnet('resnet50', 224));
  const weights = new Map(
    graph.inputs.map(({ name, value }) => {
      const { shape } = graph.values[value]!;
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }] as const;
    }),
  );
  const bound = bind(graph, weights);
  const plan = planBuffers(bound);
  const sizeOf = (id: number): number => bound.values[id]!.shape.reduce((a, b) => a * b, 4);
  const together = bound.nodes.reduce((sum, { outputs }) => sum + sizeOf(outputs[0]!), 0);
  expect(plan.sizeBytes).toBeLessThan(together / 5);
  expect(plan.sizeBytes).toBeGreaterThanOrEqual(plan.peakBytes);
  expect(plan.sizeBytes).toBeLessThan(plan.peakBytes * 1.25);

  // Run the plan on an imaginary memory: whoever reads a value must find it where its writer left it.
  const owners = new Map<number, number>();
  const spanOf = (id: number): number[] =>
    Array.from({ length: Math.ceil(sizeOf(id) / 4096) }, (_, page) => plan.offsets.get(id)! / 4096 + page);
  for (const { inputs, outputs } of bound.nodes) {
    for (const id of inputs.filter((input) => plan.offsets.has(input))) {
      expect(spanOf(id).every((page) => owners.get(page) === id)).toBe(true);
    }
    for (const page of spanOf(outputs[0]!)) owners.set(page, outputs[0]!);
  }
});
