import '@tensorflow/tfjs-backend-cpu';
import { createModel } from '@residual/resnet/registry';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { bind, type Weight } from '../bind.ts';
import type { Graph } from '../graph.ts';
import { interpret } from '../interpret.ts';
import { planBuffers } from '../plan-buffers.ts';
import { type Tracer, trace } from '../trace.ts';
import { absorbPadding } from './absorb-padding.ts';
import { dropDeadCode } from './drop-dead-code.ts';
import { dropIdentities } from './drop-identities.ts';
import { flattenBatchNorms } from './flatten-batch-norms.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldNormalisation } from './fold-normalisation.ts';
import { fuseEpilogues } from './fuse-epilogues.ts';
import { optimize } from './optimize.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function valuesFor(graph: Graph): Record<string, tf.Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }, index) => {
      const [low, high] = /var/.test(name) ? [0.5, 2] : [-1, 1];
      return [name, tf.randomUniform([...graph.values[value]!.shape], low, high, 'float32', index + 1)];
    }),
  );
}

/** The pass's graph gives what the traced one gives, up to rounding, also with its weights bound. */
function expectEquivalent(before: Graph, after: Graph): Graph {
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

function ops(graph: Graph): string[] {
  return graph.nodes.map(({ op }) => op);
}

function image(t: Tracer): tf.Tensor4D {
  return t.input('image', [2, 7, 6, 3]) as tf.Tensor4D;
}

function conv(t: Tracer, x: tf.Tensor4D, name: string, pad: 'valid' | 'same' = 'valid', out = 4): tf.Tensor4D {
  return tf.conv2d(x, t.parameter(`${name}.weight`, [3, 3, x.shape[3], out]) as tf.Tensor4D, 1, pad);
}

function batchNorm<T extends tf.Tensor>(t: Tracer, x: T, name: string): T {
  const [mean, variance, offset, scale] = ['mean', 'var', 'bias', 'weight'].map(
    (part) => t.parameter(`${name}.${part}`, [x.shape.at(-1)!]) as tf.Tensor1D,
  );
  return tf.batchNorm(x as tf.Tensor, mean!, variance!, offset, scale, 1e-5) as T;
}

const aroundOne: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

test('identities go: copies, casts and reshapes to the same, paddings by nothing', async () => {
  const graph = await trace((t) => {
    const x = tf.cast(tf.clone(image(t)), 'float32');
    return {
      y: tf.transpose(
        tf.pad(tf.reshape(tf.relu(x), [2, 7, 6, 3]), tf.zeros([4, 2]).arraySync() as never),
        [0, 1, 2, 3],
      ),
    };
  });
  const after = dropIdentities(graph);
  expect(ops(after)).toEqual(['Relu']);
  expectEquivalent(graph, after);
});

test('dead code goes: nodes, parameters and constants that no output needs, and values are numbered anew', async () => {
  const graph = await trace((t) => {
    tf.mul(t.parameter('unused', [3]), 2);
    return { y: tf.relu(image(t)) };
  });
  const after = dropDeadCode(graph);
  expect(ops(after)).toEqual(['Relu']);
  expect(after.inputs.map(({ name }) => name)).toEqual(['image']);
  expect(after.values).toHaveLength(2);
  expect(after.constants.size).toBe(0);
});

test("padding by zeros becomes the convolution's", async () => {
  const graph = await trace((t) => ({ y: conv(t, tf.pad(image(t), aroundOne) as tf.Tensor4D, 'conv') }));
  const after = dropDeadCode(absorbPadding(graph));
  expect(ops(after)).toEqual(['Conv2D']);
  expect(after.nodes[0]!.attributes['pad']).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expectEquivalent(graph, after);
});

test('padding by something else than zeros, or of channels, stays before a convolution', async () => {
  for (const [paddings, value] of [
    [aroundOne, 1],
    [
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 0],
      ],
      0,
    ],
  ] as [[number, number][], number][]) {
    const graph = await trace((t) => ({ y: conv(t, tf.pad(image(t), paddings, value) as tf.Tensor4D, 'conv') }));
    expect(ops(dropDeadCode(absorbPadding(graph)))).toContain('PadV2');
  }
});

test("padding by zeros becomes a maximum's only where nothing is negative", async () => {
  const pooled = (f: (x: tf.Tensor4D) => tf.Tensor4D) =>
    trace((t) => ({ y: tf.maxPool(tf.pad(f(image(t)), aroundOne) as tf.Tensor4D, 3, 2, 'valid') }));
  const afterRelu = await pooled((x) => tf.relu(x));
  expect(ops(dropDeadCode(absorbPadding(afterRelu)))).toEqual(['Relu', 'MaxPool']);
  expectEquivalent(afterRelu, absorbPadding(afterRelu));
  const afterSigned = await pooled((x) => tf.sub(x, 0.5));
  expect(ops(dropDeadCode(absorbPadding(afterSigned)))).toEqual(['Sub', 'PadV2', 'MaxPool']);
});

test('padding stays before an average, which would not count it', async () => {
  const graph = await trace((t) => ({
    y: tf.avgPool(tf.pad(tf.relu(image(t)), aroundOne) as tf.Tensor4D, 3, 2, 'valid'),
  }));
  expect(ops(absorbPadding(graph))).toContain('PadV2');
});

test('batch norm folds into the convolution, with and without scale, offset and an own bias', async () => {
  const graph = await trace((t) => {
    const first = batchNorm(t, conv(t, image(t), 'a'), 'a.bn');
    const biased = tf.add(conv(t, first, 'b'), t.parameter('b.bias', [4])) as tf.Tensor4D;
    const [mean, variance] = [t.parameter('b.mean', [4]), t.parameter('b.var', [4])] as [tf.Tensor1D, tf.Tensor1D];
    return { y: tf.batchNorm(biased, mean, variance, undefined, undefined, 1e-3) };
  });
  const bound = expectEquivalent(graph, dropIdentities(foldBatchNorm(fuseEpilogues(graph))));
  expect(ops(bound)).toEqual(['FusedConv2D', 'FusedConv2D']);
});

test("batch norm stays where its convolution is read elsewhere, or its statistics are the batch's", async () => {
  const shared = await trace((t) => {
    const y = conv(t, image(t), 'conv');
    return { y, z: batchNorm(t, y, 'bn') };
  });
  expect(ops(dropIdentities(foldBatchNorm(shared)))).toEqual(['Conv2D', 'FusedBatchNorm']);
  const training = await trace((t) => {
    const y = conv(t, image(t), 'conv');
    const { mean, variance } = tf.moments(y, [0, 1, 2]);
    return { y: tf.batchNorm(y, mean as tf.Tensor1D, variance as tf.Tensor1D, undefined, undefined, 1e-5) };
  });
  expect(ops(foldBatchNorm(training))).toContain('FusedBatchNorm');
});

test("bias, residual and ReLU become the convolution's; of two convolutions the later takes the other as residual", async () => {
  const graph = await trace((t) => {
    const x = image(t);
    const main = tf.add(conv(t, x, 'main', 'same'), t.parameter('main.bias', [1, 1, 1, 4]));
    const shortcut = tf.add(conv(t, x, 'shortcut', 'same'), t.parameter('shortcut.bias', [4]));
    return { y: tf.relu(tf.add(main, shortcut)) };
  });
  const bound = expectEquivalent(graph, fuseEpilogues(graph));
  expect(
    bound.nodes.map(({ op, label, attributes }) => [op, label, attributes['hasResidual'], attributes['activation']]),
  ).toEqual([
    ['FusedConv2D', 'main', false, 'linear'],
    ['FusedConv2D', 'shortcut', true, 'relu'],
  ]);
});

test('nothing is fused past an output, past a second reader or past an activation', async () => {
  const graph = await trace((t) => {
    const y = conv(t, image(t), 'conv', 'same', 3);
    const z = tf.relu(tf.relu6(conv(t, y, 'next', 'same', 3)));
    return { y, sum: tf.add(y, y), z };
  });
  expect(ops(fuseEpilogues(graph))).toEqual(['FusedConv2D', 'FusedConv2D', 'Relu', 'Add']);
  expectEquivalent(graph, fuseEpilogues(graph));
});

test('a matrix product takes its bias and ReLU', async () => {
  const graph = await trace((t) => {
    const product = tf.matMul(t.input('x', [2, 5]) as tf.Tensor2D, t.parameter('fc.weight', [5, 3]) as tf.Tensor2D);
    return { y: tf.relu(tf.add(product, t.parameter('var', [3]))) };
  });
  expect(ops(fuseEpilogues(graph))).toEqual(['FusedMatMul']);
  expectEquivalent(graph, fuseEpilogues(graph));
});

test('a depthwise convolution becomes one in groups, and takes its batch norm and ReLU', async () => {
  const graph = await trace((t) => {
    const filter = t.parameter('conv.weight', [3, 3, 3, 2]) as tf.Tensor4D;
    return { y: tf.relu6(batchNorm(t, tf.depthwiseConv2d(image(t), filter, [2, 1], 'same'), 'bn')) };
  });
  const bound = expectEquivalent(graph, optimize(graph));
  expect(ops(bound)).toEqual(['FusedConv2D']);
  expect(bound.nodes[0]!.attributes).toMatchObject({ groups: 3, hasBias: true, activation: 'relu6' });
});

test('a product of matrices between reshapes becomes one of rank 2', async () => {
  const graph = await trace((t) => {
    const [a, b] = [t.input('x', [2, 5]), t.parameter('fc.weight', [5, 3])] as [tf.Tensor2D, tf.Tensor2D];
    return { y: tf.add(tf.fused.matMul({ a, b }), t.parameter('fc.var', [3])) };
  });
  expect(ops(graph)).toEqual(['Reshape', 'Reshape', 'FusedMatMul', 'Reshape', 'Add']);
  expect(ops(expectEquivalent(graph, optimize(graph)))).toEqual(['FusedMatMul']);
});

test('normalisation folds into an unpadded convolution whole, and into a padded one but for one addition', async () => {
  const normalise = (x: tf.Tensor4D): tf.Tensor4D =>
    tf.div(tf.sub(tf.div(x, 255), [0.485, 0.456, 0.406]), [0.229, 0.224, 0.225]);
  const unpadded = await trace((t) => ({ y: conv(t, normalise(image(t)), 'conv') }));
  expect(ops(expectEquivalent(unpadded, foldNormalisation(unpadded)))).toEqual(['FusedConv2D']);
  const padded = await trace((t) => ({ y: conv(t, normalise(image(t)), 'conv', 'same') }));
  expect(ops(expectEquivalent(padded, foldNormalisation(padded)))).toEqual(['Add', 'Conv2D']);
  const scaled = await trace((t) => ({ y: conv(t, tf.div(image(t), 255), 'conv', 'same') }));
  expect(ops(expectEquivalent(scaled, foldNormalisation(scaled)))).toEqual(['Conv2D']);
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

test('a batch norm after no convolution becomes one operation with its ReLU, wherever its input is read besides', async () => {
  const graph = await trace((t) => {
    const x = conv(t, image(t), 'conv1');
    const first = tf.relu(batchNorm(t, x, 'bn1')); // Folded: nothing else reads the convolution.
    const inner = conv(t, first, 'conv2', 'same');
    const sum = tf.add(inner, first) as tf.Tensor4D;
    const second = tf.relu(batchNorm(t, sum, 'bn2'));
    return {
      y: tf.add(conv(t, second, 'conv3', 'same'), sum),
      features: tf.mean(tf.relu6(batchNorm(t, sum, 'bn3')), [1, 2]),
    };
  });
  const after = optimize(graph);
  const bound = expectEquivalent(graph, after);
  expect(bound.nodes.map(({ op, attributes }) => [op, attributes['activation']])).toEqual([
    ['FusedConv2D', 'relu'],
    ['FusedConv2D', 'linear'],
    ['ScaleOffset', 'relu'],
    ['FusedConv2D', 'linear'],
    ['ScaleOffset', 'relu6'],
    ['Mean', undefined],
  ]);
});

test('a batch norm of what a convolution gives twice is not folded into it', async () => {
  const graph = await trace((t) => {
    const x = conv(t, image(t), 'conv');
    return { x, y: batchNorm(t, x, 'bn') };
  });
  const bound = expectEquivalent(graph, optimize(graph));
  expect(ops(bound)).toEqual(['FusedConv2D', 'ScaleOffset']);
});

test('a batch norm that the caller feeds stays as it is', async () => {
  const graph = await trace((t) => {
    const [mean, variance] = ['mean', 'var'].map((name) => t.input(name, [3]) as tf.Tensor1D);
    return { y: tf.batchNorm(image(t), mean!, variance!) };
  });
  expect(ops(optimize(graph))).toEqual(['FusedBatchNorm']);
});

test('a batch norm whose statistics are one number for all channels stays as it is', async () => {
  const graph = await trace((t) => {
    const [mean, variance] = ['mean', 'var'].map((name) => t.parameter(name, [1]) as tf.Tensor1D);
    return { y: tf.batchNorm(conv(t, image(t), 'conv'), mean!, variance!) };
  });
  expect(ops(optimize(graph))).toEqual(['FusedConv2D', 'FusedBatchNorm']);
});

test('batch norm of a matrix is folded into the product before it, and one before a product is one operation', async () => {
  const graph = await trace((t) => {
    const x = t.input('image', [5, 6]) as tf.Tensor2D;
    const product = (y: tf.Tensor2D, name: string, out: number): tf.Tensor2D =>
      tf.matMul(y, t.parameter(`${name}.weight`, [y.shape[1], out]) as tf.Tensor2D);
    const biased = tf.add(product(x, 'fc1', 4), t.parameter('fc1.bias', [4])) as tf.Tensor2D;
    const hidden = tf.relu(batchNorm(t, biased, 'bn1'));
    return { logits: product(batchNorm(t, hidden, 'bn2'), 'fc2', 3), plain: batchNorm(t, product(x, 'fc3', 4), 'bn3') };
  });
  expect(ops(dropDeadCode(dropIdentities(flattenBatchNorms(graph)))).filter((op) => op === 'Reshape')).toEqual([]);
  const bound = expectEquivalent(graph, optimize(graph));
  expect(bound.nodes.map(({ op, attributes: { activation, hasBias } }) => [op, activation, hasBias])).toEqual([
    ['FusedMatMul', 'relu', true],
    ['ScaleOffset', 'linear', undefined],
    ['FusedMatMul', 'linear', false],
    ['FusedMatMul', 'linear', true],
  ]);
});

test('a padding by the least number becomes a maximum’s, whose window always has a pixel', async () => {
  for (const least of [Number.NEGATIVE_INFINITY, -3.4028234663852886e38]) {
    const graph = await trace((t) => {
      const padded = tf.pad(tf.sub(image(t), 3), aroundOne, least) as tf.Tensor4D;
      return { y: tf.maxPool(padded, 3, 2, 'valid') };
    });
    const after = dropDeadCode(absorbPadding(graph));
    expect(ops(after)).toEqual(['Sub', 'MaxPool']);
    expectEquivalent(graph, after);
  }
});
