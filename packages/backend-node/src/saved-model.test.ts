import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bind,
  type ConstantData,
  type Graph,
  interpret,
  optimize,
  type Tracer,
  trace,
  type Weights,
} from '@residual/compile';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { type SavedModel, savedModel } from '@residual/compile/saved-model';
import { expectClose, requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SessionClient } from './tensorflow/session-client.ts';
import type { HostTensor } from './tensorflow/session-protocol.ts';
import { tensorflow } from './tensorflow-engine.ts';

const AROUND = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

type Net = (t: Tracer) => Record<string, tf.Tensor>;

describe.skipIf(!requirement('tfjs-node'))('a SavedModel in TensorFlow', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  /** TensorFlow's numbers against those of tfjs's CPU backend. */
  const expectSame = async (net: Net, given: Readonly<Record<string, ConstantData>> = {}): Promise<void> => {
    const graph = await trace(net);
    const inputs = { ...inputsOf(graph), ...given };
    const executable = await tensorflow().compile(graph, new Map());
    const actual = await executable.run(inputs);
    await executable.dispose();
    const expected = tf.tidy(() =>
      Object.entries(interpret(graph, feedsOf(graph, inputs))).map(([name, y]) => [name, y.dataSync()] as const),
    );
    for (const [name, values] of expected) {
      expect(actual[name]!.constructor, name).toBe(values.constructor);
      expectClose(actual[name] as Float32Array, values as Float32Array, 2e-6, name);
    }
  };

  test('elementwise operations', () =>
    expectSame((t) => {
      const x = t.input('x', [2, 3, 4]);
      const y = t.input('y', [3, 1]);
      const positive = tf.add(tf.abs(x), 0.1);
      const unary = [
        tf.ceil,
        tf.cos,
        tf.elu,
        tf.erf,
        tf.exp,
        tf.expm1,
        tf.floor,
        tf.isFinite,
        tf.neg,
        tf.onesLike,
        tf.relu,
      ];
      const more = [tf.relu6, tf.round, tf.selu, tf.sigmoid, tf.sign, tf.sin, tf.softplus, tf.square, tf.tan, tf.tanh];
      const ofPositive = [tf.log, tf.log1p, tf.reciprocal, tf.rsqrt, tf.sqrt];
      const binary = [tf.add, tf.maximum, tf.minimum, tf.mod, tf.mul, tf.div, tf.squaredDifference, tf.sub, tf.prelu];
      const compared = [tf.equal, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual, tf.notEqual];
      return Object.fromEntries(
        [
          ...[...unary, ...more].map((op) => [op.name, op(x) as tf.Tensor] as const),
          ...ofPositive.map((op) => [op.name, op(positive) as tf.Tensor] as const),
          ...[...binary, ...compared].map((op) => [op.name, op(x, y) as tf.Tensor] as const),
          ['pow', tf.pow(positive, y)],
          ['floorDiv', tf.floorDiv(tf.cast(tf.mul(x, 9), 'int32'), tf.scalar(2, 'int32'))],
          ['logical', tf.logicalAnd(tf.greater(x, 0), tf.logicalOr(tf.less(y, 0), tf.logicalNot(tf.less(x, 1))))],
          ['chosen', tf.where(tf.greater(x, y), x, tf.zerosLike(x))],
          ['clipped', tf.clipByValue(x, -0.5, 0.5)],
          ['leaky', tf.leakyRelu(x, 0.3)],
          ['step', tf.step(x, 0.25)],
          ['sum', tf.addN([x, positive, x])],
        ].map(([name, tensor], index) => [`${index}_${name}`, tensor as tf.Tensor]),
      );
    }));

  test('what reduces, moves, cuts and makes elements', () =>
    expectSame(
      (t) => {
        const x = t.input('x', [2, 3, 4]) as tf.Tensor3D;
        const picture = t.input('picture', [2, 4, 6, 3]) as tf.Tensor4D;
        const labels = t.input('labels', [2], 'int32') as tf.Tensor1D;
        const [left, right] = tf.split(x, [1, 3], 2) as [tf.Tensor, tf.Tensor];
        return {
          transposed: tf.transpose(x, [2, 0, 1]),
          padded: tf.pad(
            x,
            [
              [0, 0],
              [1, 2],
              [0, 1],
            ],
            7,
          ),
          mirrored: tf.mirrorPad(
            x,
            [
              [0, 0],
              [1, 1],
              [1, 1],
            ],
            'reflect',
          ),
          sliced: tf.slice(x, [0, 1, 1], [2, -1, 2]),
          strided: tf.stridedSlice(x, [0, 0, 3], [2, 3, 0], [1, 2, -1]),
          joined: tf.concat([right, left], -1),
          stacked: tf.stack([x, x], 1),
          unstacked: tf.unstack(x, 1)[2]!,
          tiled: tf.tile(x, [1, 2, 1]),
          reversed: tf.reverse(x, -1),
          gathered: tf.gather(x, tf.tensor1d([2, 0], 'int32'), 1),
          expanded: tf.expandDims(x, -1),
          oneHot: tf.oneHot(labels, 3),
          sum: tf.sum(x, -1, true),
          mean: tf.mean(x, [0, 2]),
          max: tf.max(x, [0, 2]),
          min: tf.min(x, 1),
          product: tf.prod(x, 1),
          all: tf.all(tf.greater(x, -2), 1),
          any: tf.any(tf.greater(x, 0.9)),
          argMax: tf.argMax(x, 1),
          cumulative: tf.cumsum(x, 1, true, true),
          softmax: tf.softmax(x),
          logSoftmax: tf.logSoftmax(x),
          top: tf.topk(x, 2).indices,
          products: tf.matMul(x, x, false, true),
          fused: tf.fused.matMul({
            a: tf.reshape(tf.slice(x, [0, 0, 0], [1, 3, 4]), [3, 4]) as tf.Tensor2D,
            b: tf.reshape(tf.slice(x, [1, 0, 0], [1, 3, 4]), [3, 4]) as tf.Tensor2D,
            transposeB: true,
            bias: tf.tensor1d([1, 2, 3]),
            activation: 'relu',
          }),
          bilinear: tf.image.resizeBilinear(picture, [5, 2], false, true),
          nearest: tf.image.resizeNearestNeighbor(picture, [2, 3], true),
          blocks: tf.batchToSpaceND(
            tf.spaceToBatchND(
              picture,
              [2, 3],
              [
                [0, 0],
                [0, 0],
              ],
            ),
            [2, 3],
            [
              [0, 0],
              [0, 0],
            ],
          ),
          filled: tf.fill([2, 2], 3),
          cast: tf.cast(tf.mul(x, 5), 'int32'),
        };
      },
      { labels: Int32Array.of(2, 0) },
    ));

  test('windows with padding that TensorFlow has no word for, and their gradients', () =>
    expectSame((t) => {
      const x = t.input('x', [2, 7, 6, 3]) as tf.Tensor4D;
      const filter = t.input('filter', [3, 2, 3, 4]) as tf.Tensor4D;
      const loss = (image: tf.Tensor4D, weights: tf.Tensor4D): tf.Scalar => {
        const y = tf.conv2d(image, weights, 2, AROUND as never);
        return tf.sum(tf.square(tf.maxPool(y, 2, 1, 'same')));
      };
      const window = { strides: [2, 1], pad: AROUND, dilations: [1, 1], dataFormat: 'NHWC' };
      const pool = { filterSize: [3, 2], strides: [2, 1], pad: AROUND };
      const convolved = kernel('Conv2D', { x, filter }, window);
      const maxima = kernel('MaxPool', { x }, pool);
      const averages = kernel('AvgPool', { x }, pool);
      const [dx, dw] = tf.grads(loss as (...args: tf.Tensor[]) => tf.Tensor)([x, filter]) as [tf.Tensor, tf.Tensor];
      return {
        convolved,
        maxima,
        averages,
        dilated: tf.conv2d(x, filter, 1, 'same', 'NHWC', 2),
        depthwise: tf.depthwiseConv2d(
          x,
          tf.reshape(tf.slice(filter, 0, [3, 2, 3, 2]), [3, 2, 3, 2]) as tf.Tensor4D,
          1,
          'same',
        ),
        filterGradient: kernel('Conv2DBackpropFilter', { x, dy: convolved }, { ...window, filterShape: [3, 2, 3, 4] }),
        inputGradient: kernel(
          'Conv2DBackpropInput',
          { dy: convolved, filter },
          { ...window, inputShape: [2, 7, 6, 3] },
        ),
        maximaGradient: kernel('MaxPoolGrad', { dy: tf.square(maxima), input: x, output: maxima }, pool),
        dx,
        dw,
      };
    }));

  test.each([
    ['padding of its own', { filterSize: [3, 2], strides: [2, 1], pad: AROUND }],
    ['padding as TensorFlow has it', { filterSize: [3, 3], strides: [2, 2], pad: 'same' }],
  ])('the gradient of an average over real pixels is its transpose: %s', async (_, pool) => {
    const graph = await trace((t) => {
      const x = t.input('x', [2, 7, 6, 3]);
      const averages = kernel('AvgPool', { x }, pool);
      const dy = tf.cos(tf.mul(averages, 9));
      return {
        forwards: tf.sum(tf.mul(dy, averages)),
        backwards: tf.sum(tf.mul(kernel('AvgPoolGrad', { dy, input: x }, pool), x)),
      };
    });
    const executable = await tensorflow().compile(graph, new Map());
    const { forwards, backwards } = await executable.run(inputsOf(graph));
    await executable.dispose();
    expect(backwards![0]).toBeCloseTo(forwards![0]!, 3);
  });

  test('batch norm in training and the gradients of it, of ReLU and of padded convolutions', () =>
    expectSame((t) => {
      const x = t.input('x', [3, 5, 4, 6]) as tf.Tensor4D;
      const [scale, offset] = [t.input('scale', [6]), t.input('offset', [6])];
      const filter = t.input('filter', [3, 3, 6, 6]) as tf.Tensor4D;
      const attributes = { varianceEpsilon: 1e-5 };
      const [y, mean, variance] = kernel(
        'BatchNormTraining',
        { x, scale, offset },
        attributes,
      ) as unknown as tf.Tensor[];
      const given = { dy: tf.sin(tf.mul(y!, 7)), x, scale, mean, variance };
      const [dx, dScale, dOffset] = kernel('BatchNormTrainingGrad', given, attributes) as unknown as tf.Tensor[];
      const loss = (image: tf.Tensor, weights: tf.Tensor): tf.Tensor => {
        const padded = tf.pad(tf.relu(image), [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]) as tf.Tensor4D;
        return tf.sum(tf.square(tf.conv2d(padded, weights as tf.Tensor4D, 1, 'valid')));
      };
      const [dImage, dFilter] = tf.grads(loss)([x, filter]) as [tf.Tensor, tf.Tensor];
      return { y: y!, mean: mean!, variance: variance!, dx: dx!, dScale: dScale!, dOffset: dOffset!, dImage, dFilter };
    }));

  test('a training step: parameters in, parameters and loss out', async () => {
    const graph = await trace((t) => {
      const x = t.input('x', [4, 8, 8, 3]) as tf.Tensor4D;
      const labels = tf.oneHot(t.input('labels', [4], 'int32') as tf.Tensor1D, 5);
      const names = { conv: [3, 3, 3, 6], conv2: [3, 3, 6, 6], scale: [6], offset: [6], fc: [6, 5] };
      const parameters = Object.entries(names).map(([name, shape]) => t.parameter(name, shape));
      const loss = (conv: tf.Tensor, conv2: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, fc: tf.Tensor) => {
        const y = tf.conv2d(x, conv as tf.Tensor4D, 2, 'same');
        const { mean, variance } = tf.moments(y, [0, 1, 2]);
        const [m, v, o, s] = [mean, variance, offset, scale] as tf.Tensor1D[];
        const normal = tf.relu(tf.batchNorm(y, m!, v!, o, s, 1e-5)) as tf.Tensor4D;
        const added = tf.add(tf.conv2d(normal, conv2 as tf.Tensor4D, 1, 'same'), normal) as tf.Tensor4D;
        const pooled = tf.mean(tf.maxPool(added, 2, 1, 'same'), [1, 2]) as tf.Tensor2D;
        return tf.losses.softmaxCrossEntropy(labels, tf.matMul(pooled, fc as tf.Tensor2D)) as tf.Scalar;
      };
      const { value, grads } = tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Tensor)(parameters);
      const updated = parameters.map((parameter, index) => tf.sub(parameter, tf.mul(grads[index]!, 0.1)));
      return { loss: value, ...Object.fromEntries(Object.keys(names).map((name, index) => [name, updated[index]!])) };
    });
    const inputs = { ...inputsOf(graph), labels: Int32Array.of(0, 3, 4, 1) };
    const tensors = Object.fromEntries(
      graph.inputs.map(({ name, value }) => [name, { ...graph.values[value]!, data: inputs[name as 'labels'] }]),
    );
    const actual = await runFile(savedModel(graph, { openBatch: false }), tensors);
    const expected = interpret(graph, feedsOf(graph, inputs));
    expect(Object.keys(actual)).toEqual(['loss', 'conv', 'conv2', 'scale', 'offset', 'fc']);
    for (const [name, tensor] of Object.entries(expected)) {
      expectClose(actual[name] as Float32Array, tensor.dataSync() as Float32Array, 1e-5, name);
    }
  });

  test('an open batch: traced for two pictures, the file has no two in it, and one that needs it is refused', async () => {
    const net: Net = (t) => {
      const x = t.input('x', [2, 6, 6, 3]) as tf.Tensor4D;
      const y = tf.relu(tf.conv2d(x, t.parameter('conv.weight', [3, 3, 3, 4]) as tf.Tensor4D, 2, 'same'));
      return { y: tf.softmax(tf.reshape(y, [2, 36])) };
    };
    const weights: Weights = new Map([['conv.weight', { shape: [3, 3, 3, 4], data: waveOf(108) }]]);
    const graph = bind(optimize(await trace(net)), weights);
    const model = savedModel(graph);
    expect(Buffer.concat(model.chunks).byteLength).toBe(model.sizeBytes);
    expect([...model.inputs, ...model.outputs]).toEqual([
      ['x', 'x:0'],
      ['y', 'y:0'],
    ]);
    const pictures = waveOf(5 * 108);
    const { y: rows } = await runFile(model, { x: { shape: [5, 6, 6, 3], dtype: 'float32', data: pictures } });
    for (const first of [0, 2, 3]) {
      const x = tf.tensor(pictures.subarray(first * 108, (first + 2) * 108), [2, 6, 6, 3]);
      const { y } = interpret(graph, { x });
      expectClose(rows!.subarray(first * 36, (first + 2) * 36) as Float32Array, y!.dataSync() as Float32Array, 2e-6);
    }
    const fixed = await trace((t) => ({ y: tf.add(t.input('x', [2, 3]), tf.fill([2, 3], 2)) }));
    expect(() => savedModel(fixed)).toThrow(/'Fill' has no counterpart in TensorFlow's export/);
  });
});

async function runFile(
  model: SavedModel,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, ConstantData>> {
  const folder = await mkdtemp(join(tmpdir(), 'saved-model-'));
  await writeFile(join(folder, 'saved_model.pb'), model.chunks);
  const client = SessionClient.shared({});
  const session = await client.ask('load', { folder, weights: [] });
  await rm(folder, { recursive: true });
  const fed = Object.entries(inputs).map(([name, tensor]) => [model.inputs.get(name)!, tensor] as const);
  const results = await client.ask('run', { session, inputs: fed, outputs: [...model.outputs.values()] });
  await client.ask('free', { session });
  return Object.fromEntries([...model.outputs.keys()].map((name, index) => [name, results[index]!]));
}

function kernel(name: string, inputs: object, attributes: object = {}): tf.Tensor4D {
  return tf.engine().runKernel(name, inputs as never, attributes as never) as tf.Tensor4D;
}

function inputsOf(graph: Graph): Record<string, ConstantData> {
  return Object.fromEntries(graph.inputs.map(({ name, value }) => [name, waveOf(sizeOf(graph.values[value]!.shape))]));
}

function feedsOf(graph: Graph, inputs: Readonly<Record<string, ConstantData>>): Record<string, tf.Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const { shape, dtype } = graph.values[value]!;
      return [name, tf.tensor(inputs[name]!, [...shape], dtype)];
    }),
  );
}

function waveOf(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(1 + index * 1.7));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
