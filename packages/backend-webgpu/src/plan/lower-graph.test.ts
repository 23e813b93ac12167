import { bind, type Graph, optimize, planBuffers, trace } from '@residual/compile';
import { ResNet, type ResNetSpec, resnet18Spec, resnet50Spec } from '@residual/resnet';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { lowerGraph } from './lower-graph.ts';
import { defaultVariant } from './variants.ts';

/** A variant at 224², with weights of zero. */
async function boundGraph(spec: ResNetSpec): Promise<Graph> {
  const graph = await trace((t) => {
    const model = new ResNet(spec, { vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: model.forward(t.input('image', [1, 224, 224, 3]) as Tensor4D) };
  });
  const weights = graph.inputs
    .filter(({ role }) => role === 'parameter')
    .map(({ name, value }) => {
      const { shape } = graph.values[value]!;
      return [name, { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) }] as const;
    });
  return bind(optimize(graph), new Map(weights));
}

test.each([
  { spec: resnet18Spec, dispatches: 23 },
  { spec: resnet50Spec, dispatches: 56 },
])(
  '$spec.name takes $dispatches dispatches, and little more memory than lives at one time',
  async ({ spec, dispatches }) => {
    const graph = await boundGraph(spec);
    const { plan } = lowerGraph(graph, defaultVariant);
    expect(plan.steps).toHaveLength(dispatches);
    const activations = plan.buffers.reduce((sum, size) => sum + size, 0);
    expect(activations).toBeLessThan(1.5 * planBuffers(graph).peakBytes);
    // Each layer's weights once, in vectors of four output channels.
    const parameters = [...graph.constants.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const weights = plan.weights.reduce((sum, size) => sum + size, 0);
    expect(weights / parameters).toBeLessThan(1.001);
  },
);
