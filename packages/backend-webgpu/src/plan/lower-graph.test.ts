import { bind, type Graph, optimize, planBuffers, type Tracer, trace } from '@residual/compile';
import { ResNet, type ResNetSpec, resnet18Spec, resnet50Spec } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { expect, test } from 'vitest';
import { lowerGraph } from './lower-graph.ts';
import { type ChooseVariant, defaultVariant, recordVariants } from './variants.ts';

const chooseDefault: ChooseVariant = (convolution) => defaultVariant(convolution);

/** A variant at 224², with weights of zero. */
async function boundGraph(spec: ResNetSpec): Promise<Graph> {
  const graph = await trace((t) => {
    const model = new ResNet(spec, { vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: model.forward(t.input('image', [1, 224, 224, 3]) as tf.Tensor4D) };
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
    const { plan } = lowerGraph(graph, chooseDefault);
    expect(plan.steps).toHaveLength(dispatches);
    const activations = plan.buffers.reduce((sum, size) => sum + size, 0);
    expect(activations).toBeLessThan(1.5 * planBuffers(graph).peakBytes);
    // Each layer's weights once, in vectors of four output channels.
    const parameters = [...graph.constants.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const weights = plan.weights.reduce((sum, size) => sum + size, 0);
    expect(weights / parameters).toBeLessThan(1.001);
  },
);

const channels: [number, number][] = [
  [0, 0],
  [0, 0],
  [0, 0],
  [1, 1],
];

test.each<[string, (x: tf.Tensor4D, t: Tracer) => tf.Tensor]>([
  ['SplitV', (x) => tf.split(x, 2, 3)[0]!],
  ['StridedSlice', (x) => tf.stridedSlice(x, [0, 0, 0, 0], [2, 4, 4, 6], [1, 2, 2, 1])],
  ['MirrorPad', (x) => tf.mirrorPad(x, channels, 'reflect')],
  ['Concat', (x) => tf.concat([x, x], 1)],
  ['Concat', (x) => tf.concat([x, tf.ones([2, 4, 4, 1])], 3)],
  ['Max', (x) => tf.max(x, 0)],
  ['Max', (x) => tf.max(x, 3)],
  ['Sum', (x) => tf.sum(x, -1)],
  ['Mean', (x) => tf.mean(x, [0, 1])],
  ['Multiply', (x, t) => tf.mul(x, t.input('gate', [1, 4, 1, 6]))],
  ['RealDiv', (x, t) => tf.div(t.input('gate', [2, 1, 4, 1]), x)],
])('a form of %s that there is no shader for is refused by name', async (op, net) => {
  const graph = await trace((t) => ({ y: net(t.input('x', [2, 4, 4, 6]) as tf.Tensor4D, t) }));
  expect(() => lowerGraph(bind(graph, new Map()), chooseDefault)).toThrow(
    `expected operations that there are shaders for, got '${op}' of [2,`,
  );
});

test('gradients split no channels: layers of few pixels have as many threads backwards as without split kernels', async () => {
  const graph = await trace((t) => {
    const tensors = [t.input('x', [1, 7, 7, 512]), t.input('filter', [3, 3, 512, 512])];
    const convolve = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
    const [dx, dFilter] = tf.grads(convolve)(tensors, t.input('dy', [1, 7, 7, 512]));
    return { dx: dx!, dFilter: dFilter! };
  });
  const { choose, inUse } = recordVariants(chooseDefault);
  const { plan, steps } = lowerGraph(bind(optimize(graph), new Map()), choose);
  const at = steps.findIndex(({ algorithm }) => algorithm === 'input gradient');
  // Two pixels and a vector a thread: 25 · 128 of them, 64 a workgroup.
  expect(plan.steps[at]!.workgroups).toEqual([50, 1, 1]);
  expect(inUse).toEqual({ narrow: new Set(), pointwise: new Set(), window: new Set(['direct 2×1']) });
});

test('a softmax over another axis than the last is refused by name', async () => {
  const graph = await trace((t) => ({ y: tf.softmax(t.input('x', [2, 3])) }));
  const nodes = graph.nodes.map((node) => ({ ...node, attributes: { dim: 0 } }));
  expect(() => lowerGraph({ ...graph, nodes }, chooseDefault)).toThrow("got 'Softmax' of [2,3]");
});
