import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Attributes, GraphDtype } from '../graph.ts';
import { interpret } from '../interpret.ts';
import { type Tracer, trace } from '../trace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Row {
  readonly title: string;
  /** Of `x` `[2, 3, 4]`, `a` `[2, 3]`, `b` `[3]`, `counts` int32 `[2]`, `image` `[1, 6, 5, 2]`. */
  readonly make: (given: Given) => tf.Tensor | readonly tf.Tensor[];
  readonly op: string;
  readonly attributes: Attributes;
  readonly outputs: readonly (readonly [shape: number[], dtype?: GraphDtype])[];
}

interface Given {
  readonly x: tf.Tensor3D;
  readonly a: tf.Tensor2D;
  readonly b: tf.Tensor1D;
  readonly counts: tf.Tensor1D;
  readonly image: tf.Tensor4D;
}

function given(t: Pick<Tracer, 'input'>): Given {
  return {
    x: t.input('x', [2, 3, 4]) as tf.Tensor3D,
    a: t.input('a', [2, 3]) as tf.Tensor2D,
    b: t.input('b', [3]) as tf.Tensor1D,
    counts: t.input('counts', [2], 'int32') as tf.Tensor1D,
    image: t.input('image', [1, 6, 5, 2]) as tf.Tensor4D,
  };
}

const listed = (made: tf.Tensor | readonly tf.Tensor[]): tf.Tensor[] =>
  made instanceof tf.Tensor ? [made] : [...made];
const filter = (shape: [number, number, number, number]): tf.Tensor4D => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor4d(
    Array.from({ length: size }, (_, index) => index),
    shape,
  );
};

/** The last node of its kind that a function records, and that the graph then gives what tfjs gives. */
async function expectNode({ make, op, attributes, outputs }: Row): Promise<void> {
  const graph = await trace((t) =>
    Object.fromEntries(listed(make(given(t))).map((value, index) => [`y${index}`, value])),
  );
  const node = graph.nodes.filter((recorded) => recorded.op === op).at(-1);
  expect(node?.attributes).toEqual(attributes);
  const values = node!.outputs.map((id) => graph.values[id]!);
  expect(values).toEqual(outputs.map(([shape, dtype = 'float32']) => ({ shape, dtype })));
  tf.tidy(() => {
    const fed: Record<string, tf.Tensor> = {};
    const eager = listed(
      make(
        given({
          input: (name, shape, dtype) => {
            const size = shape.reduce((product, length) => product * length, 1);
            // Both signs, no number twice.
            const counted = Array.from({ length: size }, (_, index) => (index * 7 + 3) % size);
            const numbers = counted.map((number) => (dtype === 'int32' ? number : number / 4 - size / 10));
            fed[name] = tf.tensor(numbers, [...shape], dtype);
            return fed[name];
          },
        }),
      ),
    );
    const found = interpret(graph, fed);
    for (const [index, value] of eager.entries()) {
      expect(found[`y${index}`]!.shape).toEqual(value.shape);
      expect(found[`y${index}`]!.dtype).toBe(value.dtype);
      expect(found[`y${index}`]!.dataSync()).toEqual(value.dataSync());
    }
  });
}

const NOTHING: [number, number] = [0, 0];

describe('operations that move, cut, repeat or make elements', () => {
  test.each<Row>([
    {
      title: 'reshape',
      make: ({ x }) => tf.reshape(x, [4, -1]),
      op: 'Reshape',
      attributes: { shape: [4, 6] },
      outputs: [[[4, 6]]],
    },
    {
      title: 'expandDims',
      make: ({ counts }) => tf.expandDims(counts, -1),
      op: 'ExpandDims',
      attributes: { dim: 1 },
      outputs: [[[2, 1], 'int32']],
    },
    {
      title: 'transpose',
      make: ({ x }) => tf.transpose(x, [1, 2, 0]),
      op: 'Transpose',
      attributes: { perm: [1, 2, 0] },
      outputs: [[[3, 4, 2]]],
    },
    {
      title: 'reverse',
      make: ({ x }) => tf.reverse(x, [-1, 0]),
      op: 'Reverse',
      attributes: { dims: [2, 0] },
      outputs: [[[2, 3, 4]]],
    },
    {
      title: 'slice',
      make: ({ x }) => tf.slice(x, [0, 1], [1, -1]),
      op: 'Slice',
      attributes: { begin: [0, 1, 0], size: [1, 2, 4] },
      outputs: [[[1, 2, 4]]],
    },
    {
      title: 'pad by zeros',
      make: ({ a }) => tf.pad(a, [[1, 2], NOTHING]),
      op: 'PadV2',
      attributes: { paddings: [[1, 2], NOTHING], constantValue: 0 },
      outputs: [[[5, 3]]],
    },
    {
      title: 'pad',
      make: ({ counts }) => tf.pad(counts, [[0, 3]], 7),
      op: 'PadV2',
      attributes: { paddings: [[0, 3]], constantValue: 7 },
      outputs: [[[5], 'int32']],
    },
    {
      title: 'mirrorPad',
      make: ({ a }) => tf.mirrorPad(a, [NOTHING, [1, 2]], 'symmetric'),
      op: 'MirrorPad',
      attributes: { paddings: [NOTHING, [1, 2]], mode: 'symmetric' },
      outputs: [[[2, 6]]],
    },
    {
      title: 'concat',
      make: ({ x }) => tf.concat([x, x, x], -2),
      op: 'Concat',
      attributes: { axis: 1 },
      outputs: [[[2, 9, 4]]],
    },
    {
      title: 'split into as many',
      make: ({ x }) => tf.split(x, 2, -1),
      op: 'SplitV',
      attributes: { numOrSizeSplits: [2, 2], axis: 2 },
      outputs: [[[2, 3, 2]], [[2, 3, 2]]],
    },
    {
      title: 'split by sizes, one of them left open',
      make: ({ x }) => tf.split(x, [1, -1, 2], 2),
      op: 'SplitV',
      attributes: { numOrSizeSplits: [1, 1, 2], axis: 2 },
      outputs: [[[2, 3, 1]], [[2, 3, 1]], [[2, 3, 2]]],
    },
    {
      title: 'stack',
      make: ({ a }) => tf.stack([a, a, a, a], 2),
      op: 'Pack',
      attributes: { axis: 2 },
      outputs: [[[2, 3, 4]]],
    },
    {
      title: 'unstack',
      make: ({ x }) => tf.unstack(x, -2),
      op: 'Unpack',
      attributes: { axis: 1 },
      outputs: [[[2, 4]], [[2, 4]], [[2, 4]]],
    },
    {
      title: 'tile',
      make: ({ a }) => tf.tile(a, [3, 2]),
      op: 'Tile',
      attributes: { reps: [3, 2] },
      outputs: [[[6, 6]]],
    },
    {
      title: 'gather',
      make: ({ x }) => tf.gather(x, tf.tensor2d([[2, 0]], [1, 2], 'int32'), -1),
      op: 'GatherV2',
      attributes: { axis: 2, batchDims: 0 },
      outputs: [[[2, 3, 1, 2]]],
    },
    {
      title: 'gather in batches',
      make: ({ x }) => tf.gather(x, tf.tensor2d([1, 0, 2, 2], [2, 2], 'int32'), 1, 1),
      op: 'GatherV2',
      attributes: { axis: 1, batchDims: 1 },
      outputs: [[[2, 2, 4]]],
    },
    {
      title: 'oneHot',
      make: ({ counts }) => tf.oneHot(counts, 3, 5, -1, 'float32'),
      op: 'OneHot',
      attributes: { depth: 3, onValue: 5, offValue: -1, dtype: 'float32' },
      outputs: [[[2, 3]]],
    },
    {
      title: 'batchToSpaceND',
      make: ({ x }) => tf.batchToSpaceND(tf.reshape(x, [6, 2, 2]), [2, 1], [[1, 0], NOTHING]),
      op: 'BatchToSpaceND',
      attributes: { blockShape: [2, 1], crops: [[1, 0], NOTHING] },
      outputs: [[[3, 3, 2]]],
    },
    {
      title: 'spaceToBatchND',
      make: ({ x }) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [1, 0],
            [1, 1],
          ],
        ),
      op: 'SpaceToBatchND',
      attributes: {
        blockShape: [2, 2],
        paddings: [
          [1, 0],
          [1, 1],
        ],
      },
      outputs: [[[8, 2, 3]]],
    },
    {
      title: 'resizeBilinear',
      make: ({ image }) => tf.image.resizeBilinear(image, [4, 3], false, true),
      op: 'ResizeBilinear',
      attributes: { size: [4, 3], alignCorners: false, halfPixelCenters: true },
      outputs: [[[1, 4, 3, 2]]],
    },
    {
      title: 'resizeNearestNeighbor',
      make: ({ image }) => tf.image.resizeNearestNeighbor(image, [3, 4], true),
      op: 'ResizeNearestNeighbor',
      attributes: { size: [3, 4], alignCorners: true, halfPixelCenters: false },
      outputs: [[[1, 3, 4, 2]]],
    },
  ])('$title', expectNode);
});

describe('operations that take axes away, or normalise along one', () => {
  test.each<Row>([
    {
      title: 'sum',
      make: ({ x }) => tf.sum(x, [-1, 0]),
      op: 'Sum',
      attributes: { axis: [2, 0], keepDims: false },
      outputs: [[[3]]],
    },
    {
      title: 'sum of all, of integers',
      make: ({ counts }) => tf.sum(counts),
      op: 'Sum',
      attributes: { axis: [0], keepDims: false },
      outputs: [[[], 'int32']],
    },
    {
      title: 'mean, the axis kept',
      make: ({ x }) => tf.mean(x, 1, true),
      op: 'Mean',
      attributes: { axis: [1], keepDims: true },
      outputs: [[[2, 1, 4]]],
    },
    {
      title: 'max',
      make: ({ x }) => tf.max(x, 1),
      op: 'Max',
      attributes: { axis: [1], keepDims: false },
      outputs: [[[2, 4]]],
    },
    {
      title: 'min, the axes kept',
      make: ({ x }) => tf.min(x, [0, 2], true),
      op: 'Min',
      attributes: { axis: [0, 2], keepDims: true },
      outputs: [[[1, 3, 1]]],
    },
    {
      title: 'all',
      make: ({ a }) => tf.all(tf.greater(a, 0), 1),
      op: 'All',
      attributes: { axis: [1], keepDims: false },
      outputs: [[[2], 'bool']],
    },
    {
      title: 'any, the axis kept',
      make: ({ a }) => tf.any(tf.greater(a, 0), 0, true),
      op: 'Any',
      attributes: { axis: [0], keepDims: true },
      outputs: [[[1, 3], 'bool']],
    },
    {
      title: 'argMax',
      make: ({ x }) => tf.argMax(x, -1),
      op: 'ArgMax',
      attributes: { axis: 2 },
      outputs: [[[2, 3], 'int32']],
    },
    {
      title: 'argMin',
      make: ({ a }) => tf.argMin(a),
      op: 'ArgMin',
      attributes: { axis: 0 },
      outputs: [[[3], 'int32']],
    },
    {
      title: 'cumsum',
      make: ({ a }) => tf.cumsum(a, 1, true),
      op: 'Cumsum',
      attributes: { axis: 1, exclusive: true, reverse: false },
      outputs: [[[2, 3]]],
    },
    {
      title: 'cumsum from the end',
      make: ({ a }) => tf.cumsum(a, 1, false, true),
      op: 'Cumsum',
      attributes: { axis: 1, exclusive: false, reverse: true },
      outputs: [[[2, 3]]],
    },
    {
      title: 'softmax',
      make: ({ x }) => tf.softmax(x, -1),
      op: 'Softmax',
      attributes: { dim: 2 },
      outputs: [[[2, 3, 4]]],
    },
    {
      title: 'topk',
      make: ({ x }) => {
        const { values, indices } = tf.topk(x, 3);
        return [values, indices];
      },
      op: 'TopK',
      attributes: { k: 3, sorted: true },
      outputs: [[[2, 3, 3]], [[2, 3, 3], 'int32']],
    },
  ])('$title', expectNode);
});

describe('operations on each element', () => {
  test.each<Row>([
    {
      title: 'a shape is stretched to the other',
      make: ({ a, b }) => tf.sub(b, tf.reshape(a, [2, 1, 3])),
      op: 'Sub',
      attributes: {},
      outputs: [[[2, 1, 3]]],
    },
    {
      title: 'comparison',
      make: ({ a, b }) => tf.lessEqual(a, b),
      op: 'LessEqual',
      attributes: {},
      outputs: [[[2, 3], 'bool']],
    },
    {
      title: 'test',
      make: ({ a }) => tf.isNaN(a),
      op: 'IsNan',
      attributes: {},
      outputs: [[[2, 3], 'bool']],
    },
    {
      title: 'leakyRelu',
      make: ({ a }) => tf.leakyRelu(a, 0.3),
      op: 'LeakyRelu',
      attributes: { alpha: 0.3 },
      outputs: [[[2, 3]]],
    },
    {
      title: 'step',
      make: ({ a }) => tf.step(a, 0.5),
      op: 'Step',
      attributes: { alpha: 0.5 },
      outputs: [[[2, 3]]],
    },
    {
      title: 'cast',
      make: ({ a }) => tf.cast(a, 'int32'),
      op: 'Cast',
      attributes: { dtype: 'int32' },
      outputs: [[[2, 3], 'int32']],
    },
    {
      title: 'clipByValue',
      make: ({ a }) => tf.clipByValue(a, -0.2, 0.3),
      op: 'ClipByValue',
      attributes: { clipValueMin: -0.2, clipValueMax: 0.3 },
      outputs: [[[2, 3]]],
    },
    {
      title: 'prelu',
      make: ({ a, b }) => tf.prelu(a, b as tf.Tensor),
      op: 'Prelu',
      attributes: {},
      outputs: [[[2, 3]]],
    },
    {
      title: 'addN',
      make: ({ a }) => tf.addN([a, a, a]),
      op: 'AddN',
      attributes: {},
      outputs: [[[2, 3]]],
    },
    {
      title: 'where',
      make: ({ a }) => tf.where(tf.greater(a, 0), tf.cast(a, 'int32'), tf.cast(tf.neg(a), 'int32')),
      op: 'Select',
      attributes: {},
      outputs: [[[2, 3], 'int32']],
    },
    {
      title: 'batchNorm',
      make: ({ a, b }) => tf.batchNorm(tf.reshape(a, [1, 1, 2, 3]), b, tf.square(b), b, undefined, 0.25),
      op: 'FusedBatchNorm',
      attributes: { varianceEpsilon: 0.25, hasOffset: true, hasScale: false },
      outputs: [[[1, 1, 2, 3]]],
    },
    {
      title: 'batchNorm with a scale',
      make: ({ a, b }) => tf.batchNorm(tf.reshape(a, [1, 1, 2, 3]), b, tf.square(b), undefined, b, 0.25),
      op: 'FusedBatchNorm',
      attributes: { varianceEpsilon: 0.25, hasOffset: false, hasScale: true },
      outputs: [[[1, 1, 2, 3]]],
    },
  ])('$title', expectNode);
});

describe('matrix products', () => {
  test.each<Row>([
    {
      title: 'of the first turned',
      make: ({ a }) => tf.matMul(a, tf.ones([2, 4]), true),
      op: 'BatchMatMul',
      attributes: { transposeA: true, transposeB: false },
      outputs: [[[3, 4]]],
    },
    {
      title: 'of the second turned',
      make: ({ a }) => tf.matMul(a, tf.ones([5, 3]), false, true),
      op: 'BatchMatMul',
      attributes: { transposeA: false, transposeB: true },
      outputs: [[[2, 5]]],
    },
    {
      title: 'of stacks',
      make: ({ x }) => tf.matMul(x, tf.ones<tf.Rank.R3>([1, 4, 5])),
      op: 'BatchMatMul',
      attributes: { transposeA: false, transposeB: false },
      outputs: [[[2, 3, 5]]],
    },
  ])('$title', expectNode);

  test('fused ones say what is fused', async () => {
    const graph = await trace(({ input }) => {
      const [a, b] = [input('a', [3, 2]), input('b', [4, 3])] as [tf.Tensor2D, tf.Tensor2D];
      const more = { transposeA: true, transposeB: true, activation: 'relu6' } as const;
      return { y: tf.fused.matMul({ a, b, ...more }) };
    });
    const { attributes, outputs } = graph.nodes.find(({ op }) => op === 'FusedMatMul')!;
    expect(attributes).toEqual({ transposeA: true, transposeB: true, hasBias: false, activation: 'relu6' });
    expect(graph.values[outputs[0]!]!.shape.slice(-2)).toEqual([2, 4]);
  });
});

describe('windows over pictures', () => {
  const pads = (...pad: [number, number][]): [number, number][] => pad;
  test.each<Row>([
    {
      title: 'convolution in two strides',
      make: ({ image }) => tf.conv2d(image, filter([3, 2, 2, 3]), [2, 1], 'same'),
      op: 'Conv2D',
      attributes: { strides: [2, 1], pad: pads([0, 1], [0, 1]), dilations: [1, 1], groups: 1 },
      outputs: [[[1, 3, 5, 3]]],
    },
    {
      title: 'convolution whose taps lie apart',
      make: ({ image }) => tf.conv2d(image, filter([3, 2, 2, 1]), 1, 'valid', 'NHWC', [2, 3]),
      op: 'Conv2D',
      attributes: { strides: [1, 1], pad: pads([0, 0], [0, 0]), dilations: [2, 3], groups: 1 },
      outputs: [[[1, 2, 2, 1]]],
    },
    {
      title: 'depthwise convolution',
      make: ({ image }) => tf.depthwiseConv2d(image, filter([2, 3, 2, 3]), 1, 'same'),
      op: 'DepthwiseConv2dNative',
      attributes: { strides: [1, 1], pad: pads([0, 1], [1, 1]), dilations: [1, 1] },
      outputs: [[[1, 6, 5, 6]]],
    },
    {
      title: 'maximum of squares',
      make: ({ image }) => tf.maxPool(image, 3, 2, 1),
      op: 'MaxPool',
      attributes: { filterSize: [3, 3], strides: [2, 2], pad: pads([1, 1], [1, 1]) },
      outputs: [[[1, 3, 3, 2]]],
    },
    {
      title: 'mean of rectangles',
      make: ({ image }) => tf.avgPool(image, [3, 2], [1, 2], 'valid'),
      op: 'AvgPool',
      attributes: { filterSize: [3, 2], strides: [1, 2], pad: pads([0, 0], [0, 0]) },
      outputs: [[[1, 4, 2, 2]]],
    },
    {
      title: 'fused convolution',
      make: ({ image }) =>
        tf.fused.conv2d({ x: image, filter: filter([1, 1, 2, 3]), strides: 1, pad: 'valid', activation: 'relu6' }),
      op: 'FusedConv2D',
      attributes: {
        strides: [1, 1],
        pad: pads([0, 0], [0, 0]),
        dilations: [1, 1],
        groups: 1,
        hasBias: false,
        hasResidual: false,
        activation: 'relu6',
      },
      outputs: [[[1, 6, 5, 3]]],
    },
  ])('$title', expectNode);

  test.each([[[2, 3], 'fused.conv2d: expected a bias of shape [4], got [2,3]; reshape it']])(
    'a bias of shape %j is refused',
    async (shape, message) => {
      const tracing = trace(({ input }) => {
        const x = input('x', [1, 2, 3, 2]) as tf.Tensor4D;
        const bias = input('bias', shape);
        return tf
          .engine()
          .runKernel(
            'FusedConv2D',
            { x, filter: filter([1, 1, 2, 4]), bias },
            { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1, activation: 'linear' },
          ) as tf.Tensor;
      });
      await expect(tracing).rejects.toThrow(message);
    },
  );

  test('an activation that a fused node has not is refused', async () => {
    const tracing = trace(({ input }) => {
      const x = input('x', [1, 2, 3, 2]) as tf.Tensor4D;
      return tf.fused.conv2d({ x, filter: filter([1, 1, 2, 4]), strides: 1, pad: 'valid', activation: 'elu' });
    });
    await expect(tracing).rejects.toThrow(
      "fused operation: expected activation 'linear', 'relu' or 'relu6', got 'elu'; apply it as an operation of its own",
    );
  });

  test('a filter that is not for the picture’s channels is refused', async () => {
    const kernel = (shape: [number, number, number, number]): Promise<unknown> =>
      trace(
        ({ input }) =>
          tf
            .engine()
            .runKernel(
              'GroupedConv2D',
              { x: input('x', [1, 4, 4, 6]), filter: filter(shape) },
              { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 },
            ) as tf.Tensor,
      );
    const refused = 'convolution: expected a filter [h, w, in / groups, out] for 6 channels, got';
    await expect(kernel([1, 1, 4, 2])).rejects.toThrow(`${refused} [1,1,4,2]`);
    await expect(kernel([1, 1, 2, 4])).rejects.toThrow(`${refused} [1,1,2,4]`);
    await expect(kernel([1, 1, 2, 3])).resolves.toMatchObject({ nodes: [{ op: 'Conv2D', attributes: { groups: 3 } }] });
  });
});
