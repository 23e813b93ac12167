import { createRequire } from 'node:module';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Graph } from './graph.ts';
import { interpret } from './interpret.ts';
import { summary } from './summary.ts';
import { RandomScopes } from './trace/random-scopes.ts';
import { TraceError, UnsupportedKernelError } from './trace/trace-error.ts';
import { type Tracer, trace } from './trace.ts';

let tensorsBefore = 0;

beforeEach(async () => {
  await tf.setBackend('cpu');
  tensorsBefore = tf.memory().numTensors;
});

afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** Feeds a graph with seeded values and compares its outputs with what the function gives eagerly, bit for bit. */
async function expectSameAsEager(fn: (tracer: Tracer) => Record<string, tf.Tensor>): Promise<Graph> {
  const graph = await trace(fn);
  const feeds: Record<string, tf.Tensor> = {};
  const eager = tf.tidy(() =>
    fn({
      input: (name, shape, dtype) => feed(feeds, name, shape, dtype),
      parameter: (name, shape, options) => feed(feeds, name, shape, options?.dtype),
    }),
  );
  const actual = interpret(graph, feeds);
  for (const [name, tensor] of Object.entries(eager)) {
    expect(actual[name]!.shape, name).toEqual(tensor.shape);
    expect(actual[name]!.dtype, name).toBe(tensor.dtype);
    expect(actual[name]!.dataSync(), name).toEqual(tensor.dataSync());
  }
  tf.dispose(eager);
  tf.dispose(actual);
  tf.dispose(feeds);
  return graph;
}

function variableOf(value: tf.Tensor, name: string): tf.Variable {
  const variable = tf.variable(value, true, name);
  value.dispose();
  return variable;
}

function feed(feeds: Record<string, tf.Tensor>, name: string, shape: readonly number[], dtype = 'float32'): tf.Tensor {
  const seed = name.length + Object.keys(feeds).length;
  feeds[name] ??= tf.keep(
    dtype === 'int32'
      ? tf.randomUniform([...shape], 0, 3, 'int32', seed)
      : tf.add(tf.randomUniform([...shape], 0.1, 1, 'float32', seed), 0),
  );
  return feeds[name];
}

test('a conv, batch norm, add, ReLU, pool, mean, matmul net is recorded kernel by kernel, and runs as eager', async () => {
  const graph = await expectSameAsEager((t) => {
    const x = t.input('image', [2, 9, 9, 3]) as tf.Tensor4D;
    const filter = t.parameter('conv1.weight', [3, 3, 3, 4]) as tf.Tensor4D;
    const bn = ['weight', 'bias', 'mean', 'var'].map((name) => t.parameter(`bn1.${name}`, [4]) as tf.Tensor1D);
    const y = tf.batchNorm(tf.conv2d(x, filter, 2, 1), bn[2]!, bn[3]!, bn[1], bn[0], 1e-5);
    const pooled = tf.maxPool(tf.relu<tf.Tensor4D>(tf.add(y, tf.scalar(0.5))), 3, 2, 1);
    const logits = tf.matMul(tf.mean(pooled, [1, 2]) as tf.Tensor2D, t.parameter('fc.weight', [4, 5]) as tf.Tensor2D);
    return { pooled, logits };
  });
  expect(graph.nodes.map(({ op, label }) => `${op} ${label}`)).toEqual([
    'Conv2D conv1',
    'FusedBatchNorm bn1',
    'Reshape bn1',
    'Add bn1',
    'Relu bn1',
    'MaxPool bn1',
    'Mean bn1',
    'BatchMatMul fc',
  ]);
  expect(graph.nodes[0]!.attributes).toEqual({
    strides: [2, 2],
    pad: [
      [1, 1],
      [1, 1],
    ],
    dilations: [1, 1],
    groups: 1,
  });
});

test.each([
  ['valid', 1, 1, undefined],
  ['same', 2, 1, undefined],
  ['same', 1, 2, undefined],
  [2, 3, 1, 'floor'],
  [1, 2, 1, 'ceil'],
] as const)(
  'convolutions and pools with padding %s, stride %s, dilation %s run as eager',
  async (pad, stride, dilation, rounding) => {
    await expectSameAsEager((t) => {
      const x = t.input('x', [1, 10, 7, 2]) as tf.Tensor4D;
      const conv = tf.conv2d(x, t.parameter('w', [3, 2, 2, 3]) as tf.Tensor4D, stride, pad, 'NHWC', dilation, rounding);
      if (dilation !== 1) return { conv };
      return {
        conv,
        max: tf.maxPool(x, [3, 2], stride, pad, rounding),
        average: tf.avgPool(x, [3, 2], stride, pad, rounding),
      };
    });
  },
);

test('fused operations become fused nodes', async () => {
  const graph = await expectSameAsEager((t) => {
    const x = t.input('x', [1, 6, 6, 2]) as tf.Tensor4D;
    const filter = t.parameter('conv.weight', [3, 3, 2, 4]) as tf.Tensor4D;
    const bias = t.parameter('conv.bias', [4]) as tf.Tensor1D;
    const y = tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' });
    const b = t.parameter('fc.weight', [4, 3]) as tf.Tensor2D;
    return { y: tf.fused.matMul({ a: tf.mean(y, [1, 2]) as tf.Tensor2D, b, bias: t.parameter('fc.bias', [3]) }) };
  });
  expect(graph.nodes.map(({ op }) => op)).toContain('FusedConv2D');
  expect(graph.nodes.map(({ op }) => op)).toContain('FusedMatMul');
});

test('shape operations, reductions and comparisons run as eager', async () => {
  await expectSameAsEager((t) => {
    const x = t.input('x', [2, 3, 4]) as tf.Tensor3D;
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
      max: tf.max(x, [0, 2]),
      argMax: tf.argMax(x, 1),
      softmax: tf.softmax(x),
      logSoftmax: tf.logSoftmax(x),
      top: tf.topk(x, 2).indices,
      where: tf.where(tf.greater(x, 0.5), x, tf.zerosLike(x)),
      moments: tf.moments(x, [0, 1]).variance,
      resized: tf.image.resizeBilinear(tf.expandDims(x, -1) as tf.Tensor4D, [5, 2]),
      filled: tf.fill([2, 2], 3),
      cast: tf.cast(x, 'int32'),
    };
  });
});

test('gradients are part of the graph', async () => {
  const graph = await expectSameAsEager((t) => {
    const x = t.input('x', [2, 8, 8, 3]) as tf.Tensor4D;
    const labels = t.input('labels', [2], 'int32') as tf.Tensor1D;
    const loss = (w: tf.Tensor, v: tf.Tensor, scale: tf.Tensor, fc: tf.Tensor): tf.Scalar => {
      const y = tf.conv2d(
        tf.pad(x, [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]),
        w as tf.Tensor4D,
        1,
        'valid',
      );
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const normal = tf.batchNorm(
        y,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        scale as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-5,
      );
      const z = tf.avgPool(
        tf.maxPool(tf.relu(tf.conv2d(tf.relu(normal), v as tf.Tensor4D, 1, 'valid')), 2, 2, 'valid'),
        1,
        2,
        'valid',
      );
      const logits = tf.matMul(tf.mean(z, [1, 2]) as tf.Tensor2D, fc as tf.Tensor2D);
      return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 3), logits);
    };
    const parameters = [
      t.parameter('w', [3, 3, 3, 4]),
      t.parameter('v', [3, 3, 4, 4]),
      t.parameter('scale', [4]),
      t.parameter('fc', [4, 3]),
    ];
    const { value, grads } = tf.valueAndGrads(loss as never)(parameters);
    return { loss: value, ...Object.fromEntries(grads.map((grad, index) => [`grad${index}`, grad])) };
  });
  const ops = new Set(graph.nodes.map(({ op }) => op));
  for (const op of ['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'MaxPoolGrad', 'AvgPoolGrad', 'Step', 'Rsqrt']) {
    expect(ops).toContain(op);
  }
});

test("tensors and variables of the caller become constants, and stay the caller's", async () => {
  const weights = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const variable = variableOf(tf.tensor1d([10, 20]), 'head/captured');
  const bytesBefore = tf.memory().numBytes;
  const graph = await trace((t) => ({
    y: tf.add(
      tf.matMul(t.input('x', [1, 2]) as tf.Tensor2D, weights),
      tf.tidy(() => variable),
    ),
  }));
  expect(tf.memory().numBytes).toBe(bytesBefore);
  expect([...graph.constants.values()]).toEqual([new Float32Array([1, 2, 3, 4]), new Float32Array([10, 20])]);
  expect(graph.values.map(({ variable }) => variable).filter(Boolean)).toEqual(['head/captured']);
  expect(graph.nodes.at(-1)!.label).toBe('head');
  expect(summary(graph).parameters).toBe(2);
  const x = tf.tensor2d([1, 1], [1, 2]);
  const { y } = interpret(graph, { x });
  expect([...y!.dataSync()]).toEqual([14, 26]);
  expect([...variable.dataSync()]).toEqual([10, 20]);
  tf.dispose([x, y!, weights, variable]);
});

test('tracing leaves tfjs as it was, also after an error', async () => {
  const backend = tf.backend();
  const failing = trace((t) => {
    tf.variable(t.parameter('w', [2]), true, 'w');
    throw new Error('from the function');
  });
  await expect(failing).rejects.toThrow('from the function');
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.backend()).toBe(backend);
  expect(tf.engine().backendNames()).not.toContain('residual-trace');
  const again = variableOf(tf.scalar(1), 'w');
  expect(again.dataSync()[0]).toBe(1);
  again.dispose();
});

test('a kernel without a rule is named, with the place', async () => {
  const tracing = trace((t) => {
    const x = tf.mul(t.input('x', [4]), t.parameter('layer1.0.conv1.weight', [4]));
    return { y: tf.fft(tf.complex(x, x)) };
  });
  const error = await tracing.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(UnsupportedKernelError.isInstance(error)).toBe(true);
  expect(String(error)).toBe(
    "UnsupportedKernelError: after layer1.0.conv1: expected an operation that a graph can hold, got tfjs kernel 'Complex'; " +
      'write it with other tfjs operations, or leave it outside the traced function',
  );
});

test.each<[string, (t: Tracer) => unknown, string]>([
  ['reads a value', (t) => ({ y: tf.scalar(tf.sum(t.input('x', [2])).dataSync()[0]!) }), 'got a read of a value'],
  ['is asynchronous', async (t) => t.input('x', [2]), 'got a promise'],
  ['returns nothing', () => undefined, 'got nothing'],
  ['returns what is no tensor', () => ({ y: 3 }), "output 'y': expected a tensor, got number"],
  [
    'declares a name twice',
    (t) => tf.add(t.input('x', [2]), t.parameter('x', [2])),
    'x: expected a name for each input',
  ],
  ['leaves a size open', (t) => t.input('x', [-1, 2]), 'x: expected a shape of whole positive numbers, got [-1,2]'],
])('a function that %s is refused', async (_, fn, message) => {
  const error: unknown = await trace(fn as never).catch((caught: unknown) => caught);
  expect(TraceError.isInstance(error)).toBe(true);
  expect((error as Error).message).toContain(message);
});

test('an assignment to a variable of the caller is refused and undone', async () => {
  const variable = variableOf(tf.scalar(1), 'assigned');
  await expect(
    trace((t) => {
      const x = t.input('x', []);
      variable.assign(x as tf.Scalar);
      return x;
    }),
  ).rejects.toThrow("variable 'assigned': expected a function that changes nothing");
  expect(variable.dataSync()[0]).toBe(1);
  variable.dispose();
});

test('works while another backend starts, and in debug mode', async () => {
  const cpu = tf.backend();
  tf.registerBackend('slow', () => new Promise((resolve) => setTimeout(() => resolve(cpu), 20)));
  const starting = tf.setBackend('slow');
  tf.env().set('DEBUG', true);
  const graph = await trace((t) => ({ y: tf.relu(t.input('x', [2])) }));
  expect(tf.env().getBool('DEBUG')).toBe(true);
  tf.env().set('DEBUG', false);
  expect(graph.nodes).toHaveLength(1);
  expect(await starting).toBe(true);
  expect(tf.getBackend()).toBe('slow');
  await tf.setBackend('cpu');
});

test('works with no backend at all', async () => {
  tf.engine().reset();
  const saved = tf.engine().registryFactory;
  tf.engine().registryFactory = {};
  try {
    const graph = await trace((t) => ({ y: tf.relu(tf.mul(t.input('x', [2]), 2)) }));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Multiply', 'Relu']);
    expect(tf.getBackend()).toBeFalsy();
  } finally {
    tf.engine().registryFactory = saved;
    await tf.setBackend('cpu');
    tensorsBefore = 0;
  }
});

describe('random numbers are refused by the name of the operation that was called', () => {
  const x = (t: Tracer): tf.Tensor2D => t.input('x', [2, 3]) as tf.Tensor2D;
  test.each<[string, (t: Tracer) => tf.Tensor]>([
    [
      'rand',
      (t) =>
        tf.add(
          x(t),
          tf.rand([2, 3], () => 1),
        ),
    ],
    ['randomNormal', (t) => tf.add(x(t), tf.randomNormal([2, 3]))],
    ['randomNormal', (t) => tf.add(x(t), tf.randomNormal([2, 3], 0, 1, 'float32', 7))],
    ['randomStandardNormal', (t) => tf.add(x(t), tf.randomStandardNormal([2, 3], 'float32', 7))],
    ['randomUniform', (t) => tf.tidy(() => tf.add(x(t), tf.randomUniform([2, 3], 0, 1, 'float32', 'seed')))],
    ['randomUniformInt', (t) => tf.add(x(t), tf.randomUniformInt([2, 3], 0, 5, 7))],
    ['randomGamma', (t) => tf.add(x(t), tf.randomGamma([2, 3], 1, 1, 'float32', 7))],
    ['truncatedNormal', (t) => tf.add(x(t), tf.truncatedNormal([2, 3], 0, 1, 'float32', 7))],
    ['dropout', (t) => tf.dropout(x(t), 0.5)],
    ['dropout', (t) => tf.dropout(x(t), 0.5, undefined, 7)],
    ['multinomial', (t) => tf.multinomial(x(t), 4, 7)],
  ])('tf.%s', async (name, fn) => {
    const error = await trace(fn).catch((raised: unknown) => raised);
    expect(TraceError.isInstance(error)).toBe(true);
    expect(String(error)).toBe(
      `TraceError: tf.${name}: expected operations of the run, got random numbers, which a graph would fix for ever; ` +
        'draw them outside and pass them as an input',
    );
  });

  test('and what draws none goes through, and draws again outside', async () => {
    const graph = await trace((t) => tf.dropout(tf.add(x(t), tf.tensor2d([[1, 2, 3]])), 0));
    expect(graph.nodes[0]!.op).toBe('Add');
    tf.randomNormal([2]).dispose();
  });
});

test('random numbers are refused in a minified bundle too', async () => {
  const minified = createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/tf-core.min.js') as typeof tf;
  const { state } = minified.engine();
  const { scopeStack } = state as unknown as { scopeStack: unknown[] };
  Object.assign(state, { scopeStack: new RandomScopes() });
  try {
    expect(() => minified.randomNormal([2])).toThrow(/^tf\.randomNormal: expected operations of the run/);
    expect(() => minified.dropout([1, 2], 0.5, undefined, 7)).toThrow(/^tf\.dropout: /);
  } finally {
    Object.assign(state, { scopeStack });
  }
});
