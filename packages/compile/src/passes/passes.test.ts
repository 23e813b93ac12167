import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectEquivalent, ops } from '../../test/expect-equivalent.ts';
import type { Graph } from '../graph.ts';
import { type Tracer, trace } from '../trace.ts';
import { absorbGradientPadding } from './absorb-gradient-padding.ts';
import { absorbPadding } from './absorb-padding.ts';
import { dropDeadCode } from './drop-dead-code.ts';
import { dropIdentities } from './drop-identities.ts';
import { flattenBatchNorms } from './flatten-batch-norms.ts';
import { flattenMatrices } from './flatten-matrices.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldNormalisation } from './fold-normalisation.ts';
import { fuseEpilogues } from './fuse-epilogues.ts';
import { fuseReluGradients } from './fuse-relu-gradients.ts';
import { optimize } from './optimize.ts';
import { sliceSplits } from './slice-splits.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

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

test('what changes something is no identity', async () => {
  const graph = await trace((t) => {
    const x = t.input('x', [2, 3, 4]) as tf.Tensor3D;
    return {
      cast: tf.cast(x, 'int32'),
      cut: tf.slice(x, [0, 1, 0], [2, 2, 4]),
      joined: tf.concat([x, x]),
      padded: tf.pad(x, [
        [0, 0],
        [0, 1],
        [0, 0],
      ]),
      reshaped: tf.reshape(tf.reshape(x, [6, 4]), [24]),
      turned: tf.transpose(x, [0, 2, 1]),
    };
  });
  const after = dropDeadCode(dropIdentities(graph));
  expect(ops(after)).toEqual(['Cast', 'Slice', 'Concat', 'PadV2', 'Reshape', 'Transpose']);
  const whole = await trace((t) => {
    const x = t.input('x', [2, 3, 4]) as tf.Tensor3D;
    const only = tf.engine().runKernel('Concat', { 0: x }, { axis: 0 }) as tf.Tensor3D;
    return { y: tf.slice(tf.transpose(tf.reshape(tf.reshape(only, [24]), [2, 3, 4]), [0, 1, 2]), 0) };
  });
  expect(dropDeadCode(dropIdentities(whole))).toMatchObject({ nodes: [], outputs: [{ name: 'y', value: 0 }] });
});

test('data that nothing reads is asked for all the same', async () => {
  const graph = await trace((t) => {
    t.input('unread', [2]);
    t.parameter('unused', [2]);
    return { y: tf.relu(t.input('x', [3])) };
  });
  expect(dropDeadCode(graph).inputs.map(({ name }) => name)).toEqual(['unread', 'x']);
});

type Paddings = [number, number][];
const rowsAndColumns = (rows: [number, number], columns: [number, number]): Paddings => [[0, 0], rows, columns, [0, 0]];

test.each<{ title: string; make: (t: Tracer, padded: tf.Tensor4D) => tf.Tensor; op: string }>([
  { title: 'a convolution', op: 'Conv2D', make: (t, x) => conv(t, x, 'conv', 'same') },
  {
    title: 'a depthwise convolution',
    op: 'DepthwiseConv2dNative',
    make: (t, x) => tf.depthwiseConv2d(x, t.parameter('conv.weight', [3, 3, 3, 1]) as tf.Tensor4D, 1, 'same'),
  },
  {
    title: 'a fused convolution',
    op: 'FusedConv2D',
    make: (t, x) =>
      tf.fused.conv2d({ x, filter: t.parameter('w', [3, 3, 3, 2]) as tf.Tensor4D, strides: 1, pad: 'same' }),
  },
])('$title adds an uneven padding to its own', async ({ make, op }) => {
  const graph = await trace((t) => ({
    y: make(t, tf.pad(image(t), rowsAndColumns([2, 0], [1, 3])) as tf.Tensor4D),
  }));
  const after = dropDeadCode(absorbPadding(graph));
  expect(after.nodes).toHaveLength(1);
  const [node] = after.nodes;
  expect([node!.op, node!.attributes['pad']]).toEqual([
    op,
    [
      [3, 1],
      [2, 4],
    ],
  ]);
});

test.each<{ title: string; f: (x: tf.Tensor4D) => tf.Tensor; isAbsorbed: boolean }>([
  { title: 'relu6', f: (x) => tf.relu6(x), isAbsorbed: true },
  { title: 'sigmoid', f: (x) => tf.sigmoid(x), isAbsorbed: true },
  { title: 'abs', f: (x) => tf.abs(x), isAbsorbed: true },
  { title: 'square', f: (x) => tf.square(x), isAbsorbed: true },
  { title: 'softmax', f: (x) => tf.softmax(x), isAbsorbed: true },
  { title: 'a maximum of a ReLU', f: (x) => tf.maxPool(tf.relu(x), 1, 1, 'valid'), isAbsorbed: true },
  { title: 'a copy of a ReLU, reshaped', f: (x) => tf.reshape(tf.clone(tf.relu(x)), [2, 6, 7, 3]), isAbsorbed: true },
  { title: 'a maximum of anything', f: (x) => tf.maxPool(x, 1, 1, 'valid'), isAbsorbed: false },
  { title: 'a picture', f: (x) => x, isAbsorbed: false },
  { title: 'tanh', f: (x) => tf.tanh(x), isAbsorbed: false },
])('zeros around $title become the padding of a maximum: $isAbsorbed', async ({ f, isAbsorbed }) => {
  const graph = await trace((t) => ({ y: tf.maxPool(tf.pad(f(image(t)), aroundOne) as tf.Tensor4D, 3, 2, 'valid') }));
  const after = dropDeadCode(absorbPadding(graph));
  expect(ops(after).includes('PadV2')).toBe(!isAbsorbed);
  if (isAbsorbed) expectEquivalent(graph, after);
});

test.each(['relu', 'relu6', 'linear'] as const)('zeros around a convolution with %s', async (activation) => {
  const graph = await trace((t) => {
    const filter = t.parameter('conv.weight', [1, 1, 3, 2]) as tf.Tensor4D;
    const y = tf.fused.conv2d({ x: image(t), filter, strides: 1, pad: 'valid', activation });
    return { y: tf.maxPool(tf.pad(y, aroundOne) as tf.Tensor4D, 3, 2, 'valid') };
  });
  const after = dropDeadCode(absorbPadding(graph));
  expect(ops(after).includes('PadV2')).toBe(activation === 'linear');
});

test('a padding that a window of a maximum would see alone stays', async () => {
  for (const paddings of [rowsAndColumns([2, 0], [0, 0]), rowsAndColumns([0, 0], [0, 2])]) {
    const graph = await trace((t) => ({
      y: tf.maxPool(tf.pad(tf.relu(image(t)), paddings) as tf.Tensor4D, 2, 1, 'valid'),
    }));
    expect(ops(dropDeadCode(absorbPadding(graph)))).toEqual(['Relu', 'PadV2', 'MaxPool']);
  }
});

test('pictures that are padded to more pictures stay so', async () => {
  const batch: Paddings = [
    [0, 1],
    [1, 1],
    [0, 0],
    [0, 0],
  ];
  const graph = await trace((t) => ({ y: conv(t, tf.pad(image(t), batch) as tf.Tensor4D, 'conv') }));
  expect(ops(absorbPadding(graph))).toEqual(['PadV2', 'Conv2D']);
});

test('a stack of matrices is not flattened, nor what is reshaped to something else', async () => {
  const product = (t: Tracer, stacked: number): tf.Tensor =>
    tf.matMul(
      t.input('x', [stacked, 2, 5]) as tf.Tensor3D,
      tf.reshape(t.parameter('fc.weight', [5, 3]), [1, 5, 3]) as tf.Tensor3D,
    );
  const stack = await trace((t) => ({ y: tf.reshape(product(t, 4), [8, 3]) }));
  expect(ops(flattenMatrices(stack))).toEqual(['Reshape', 'BatchMatMul', 'Reshape']);
  const turned = await trace((t) => ({ y: tf.reshape(product(t, 1), [3, 2]) }));
  expect(ops(flattenMatrices(turned))).toEqual(['Reshape', 'BatchMatMul', 'Reshape']);
  const shared = await trace((t) => {
    const y = product(t, 1);
    return { y, z: tf.reshape(y, [2, 3]) };
  });
  expect(ops(flattenMatrices(shared))).toEqual(['Reshape', 'BatchMatMul', 'Reshape']);
  const one = await trace((t) => ({ y: tf.reshape(product(t, 1), [2, 3]) }));
  const after = flattenMatrices(one);
  const matrix = after.nodes.find(({ op }) => op === 'BatchMatMul')!;
  expect(matrix.inputs.map((id) => after.values[id]!.shape)).toEqual([
    [2, 5],
    [5, 3],
  ]);
  expectEquivalent(one, after);
});

test('a batch norm is not folded past an activation or a residual, or into what is no weight', async () => {
  const { fused } = tf;
  const filter = (t: Tracer): tf.Tensor4D => t.parameter('conv.weight', [1, 1, 3, 4]) as tf.Tensor4D;
  const made: Record<string, (t: Tracer) => tf.Tensor4D> = {
    activated: (t) => fused.conv2d({ x: image(t), filter: filter(t), strides: 1, pad: 'valid', activation: 'relu' }),
    added: (t) => tf.add(conv(t, image(t), 'a'), conv(t, image2(t), 'b')),
    fed: (t) => tf.conv2d(image(t), t.input('filter', [1, 1, 3, 4]) as tf.Tensor4D, 1, 'valid'),
  };
  const image2 = (t: Tracer): tf.Tensor4D => t.input('image2', [2, 7, 6, 3]) as tf.Tensor4D;
  for (const [title, make] of Object.entries(made)) {
    const graph = await trace((t) => ({ y: batchNorm(t, make(t), 'bn') }));
    expect(ops(foldBatchNorm(fuseEpilogues(graph))), title).toContain('FusedBatchNorm');
  }
});

describe('a normalisation', () => {
  const folded = async (f: (x: tf.Tensor4D) => tf.Tensor4D, pad: 'valid' | 'same' = 'valid'): Promise<string[]> => {
    const graph = await trace((t) => ({ y: conv(t, f(image(t)), 'conv', pad) }));
    return ops(expectEquivalent(graph, foldNormalisation(graph)));
  };

  test('folds whatever the order of its steps and sides, and in however many steps', async () => {
    expect(await folded((x) => tf.add(tf.mul(0.5, x), 3))).toEqual(['FusedConv2D']);
    expect(await folded((x) => tf.mul(tf.add(3, x), [1, 2, -4]))).toEqual(['FusedConv2D']);
    expect(await folded((x) => tf.sub(tf.mul(tf.sub(tf.div(x, 0.5), 1), 2), [3, 2, 1]))).toEqual(['FusedConv2D']);
    expect(await folded((x) => tf.sub(tf.mul(tf.sub(tf.div(x, 0.5), 1), 2), [3, 2, 1]), 'same')).toEqual([
      'Add',
      'Conv2D',
    ]);
    expect(await folded((x) => tf.sub(tf.add(x, 2), 2))).toEqual(['Conv2D']);
  });

  test('of which the picture is not the minuend or the dividend stays, and so does a product with zero', async () => {
    expect(await folded((x) => tf.sub(3, x))).toEqual(['Sub', 'Conv2D']);
    expect(await folded((x) => tf.div(3, x))).toEqual(['RealDiv', 'Conv2D']);
    expect(await folded((x) => tf.mul(x, [1, 0, 2]))).toEqual(['Multiply', 'Conv2D']);
  });

  test('by numbers of pixels, not channels, stays, and so does one that stretches the picture', async () => {
    const perColumn = await trace((t) => {
      const x = t.input('image', [1, 5, 3, 3]) as tf.Tensor4D;
      return { y: conv(t, tf.sub(x, tf.tensor4d([1, 2, 3], [1, 1, 3, 1])), 'conv') };
    });
    expect(ops(foldNormalisation(perColumn))).toEqual(['Sub', 'Conv2D']);
    const stretched = await trace((t) => {
      const x = t.input('image', [1, 5, 5, 1]) as tf.Tensor4D;
      return { y: conv(t, tf.sub(x, [1, 2, 3]), 'conv') };
    });
    expect(ops(foldNormalisation(stretched))).toEqual(['Sub', 'Conv2D']);
  });

  test('before a convolution in groups, with a filter that is fed, or that is read besides, stays', async () => {
    const fed = await trace((t) => {
      const filter = t.input('filter', [1, 1, 3, 4]) as tf.Tensor4D;
      return { y: tf.conv2d(tf.div(image(t), 255), filter, 1, 'valid') };
    });
    expect(ops(foldNormalisation(fed))).toEqual(['RealDiv', 'Conv2D']);
    const read = await trace((t) => {
      const x = tf.div<tf.Tensor4D>(image(t), 255);
      return { x, y: conv(t, x, 'conv') };
    });
    expect(ops(foldNormalisation(read))).toEqual(['RealDiv', 'Conv2D']);
    const grouped = await trace((t) => {
      const x = t.input('image', [1, 5, 5, 4]) as tf.Tensor4D;
      const filter = t.parameter('conv.weight', [3, 3, 2, 4]) as tf.Tensor4D;
      return { y: tf.engine().runKernel('GroupedConv2D', { x: tf.div(x, 2), filter }, plainWindow) as tf.Tensor };
    });
    expect(ops(foldNormalisation(grouped))).toEqual(['RealDiv', 'Conv2D']);
  });

  test('goes into the bias that is there', async () => {
    const graph = await trace((t) => {
      const filter = t.parameter('conv.weight', [3, 3, 3, 4]) as tf.Tensor4D;
      const bias = t.parameter('conv.bias', [4]) as tf.Tensor1D;
      const x = tf.sub<tf.Tensor4D>(tf.div(image(t), 2), [1, 2, 3]);
      return { y: tf.fused.conv2d({ x, filter, strides: 1, pad: 'valid', bias, activation: 'relu' }) };
    });
    const bound = expectEquivalent(graph, foldNormalisation(graph));
    expect(bound.nodes).toMatchObject([{ op: 'FusedConv2D', attributes: { hasBias: true, activation: 'relu' } }]);
    expect(bound.nodes[0]!.inputs).toHaveLength(3);
  });
});

const plainWindow = { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 };

describe('a bias', () => {
  const biased = async (shape: number[], isLeft = false): Promise<string[]> => {
    const graph = await trace((t) => {
      const [y, bias] = [conv(t, image(t), 'conv'), t.parameter('bias', shape)];
      return { y: isLeft ? tf.add(bias, y) : tf.add(y, bias) };
    });
    const after = fuseEpilogues(graph);
    expectEquivalent(graph, after);
    return ops(after);
  };

  test('of a number for each channel is the convolution’s, on either side', async () => {
    expect(await biased([4])).toEqual(['FusedConv2D']);
    expect(await biased([4], true)).toEqual(['FusedConv2D']);
    expect(await biased([1, 4])).toEqual(['Reshape', 'FusedConv2D']);
  });

  test('that differs by the pixel or is one number stays', async () => {
    expect(await biased([1])).toEqual(['FusedConv2D', 'Add']);
    expect(await biased([4, 4])).toEqual(['FusedConv2D', 'Add']);
    expect(await biased([1, 1, 1, 1, 4])).toEqual(['FusedConv2D', 'Add']);
  });

  test('is taken once: the next is added after it', async () => {
    const graph = await trace((t) => ({
      y: tf.add(tf.add(conv(t, image(t), 'conv'), t.parameter('a', [4])), t.parameter('b', [4])),
    }));
    expect(ops(fuseEpilogues(graph))).toEqual(['FusedConv2D', 'Add']);
    expectEquivalent(graph, fuseEpilogues(graph));
  });
});

test('a residual that is smaller, or a second one, is added after the convolution', async () => {
  const smaller = await trace((t) => ({
    y: tf.add(conv(t, image(t), 'conv'), t.input('other', [1, 5, 4, 4])),
  }));
  expect(ops(fuseEpilogues(smaller))).toEqual(['FusedConv2D', 'Add']);
  const second = await trace((t) => {
    const [a, b] = [t.input('a', [2, 5, 4, 4]), t.input('b', [2, 5, 4, 4])];
    return { y: tf.add(b, tf.add(conv(t, image(t), 'conv'), a)) };
  });
  const after = fuseEpilogues(second);
  expect(after.nodes).toMatchObject([
    { op: 'FusedConv2D', attributes: { hasBias: false, hasResidual: true, activation: 'linear' } },
    { op: 'Add' },
  ]);
  expectEquivalent(second, after);
});

test('a product of stacks of matrices stays as it is', async () => {
  const graph = await trace((t) => ({
    y: tf.matMul(t.input('x', [4, 2, 5]) as tf.Tensor3D, t.parameter('w', [4, 5, 3]) as tf.Tensor3D),
  }));
  expect(ops(fuseEpilogues(graph))).toEqual(['BatchMatMul']);
});

describe('the gradient of a ReLU', () => {
  const gradient = (make: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor): Promise<Graph> =>
    trace((t) => ({ y: make(t.input('dy', [2, 3]), t.input('x', [2, 3])) }));

  test('is one operation, whichever side the step is on, cast or not', async () => {
    for (const make of [
      (dy: tf.Tensor, x: tf.Tensor) => tf.mul(dy, tf.step(x)),
      (dy: tf.Tensor, x: tf.Tensor) => tf.mul(tf.step(x), dy),
      (dy: tf.Tensor, x: tf.Tensor) => tf.mul(dy, tf.cast(tf.step(x), 'float32')),
    ]) {
      const graph = await gradient(make);
      const after = dropDeadCode(fuseReluGradients(graph));
      expect(ops(after)).toEqual(['ReluGrad']);
      expect(after.nodes[0]!.inputs.map((id) => after.inputs.find(({ value }) => value === id)?.name)).toEqual([
        'dy',
        'x',
      ]);
      expectEquivalent(graph, after);
    }
  });

  test('reads the ReLU’s result, so that its input need not be kept', async () => {
    const graph = await trace((t) => {
      const x = tf.neg(t.input('x', [2, 3]));
      return { y: tf.relu(x), dx: tf.mul(t.input('dy', [2, 3]), tf.step(x)) };
    });
    const after = dropDeadCode(fuseReluGradients(graph));
    expect(ops(after)).toEqual(['Neg', 'Relu', 'ReluGrad']);
    expect(after.nodes[2]!.inputs[1]).toBe(after.nodes[1]!.outputs[0]);
    expectEquivalent(graph, after);
  });

  test('is not a step that leaves something below zero, a sum, or one of another shape', async () => {
    expect(ops(fuseReluGradients(await gradient((dy, x) => tf.mul(dy, tf.step(x, 0.1)))))).toEqual([
      'Step',
      'Multiply',
    ]);
    expect(ops(fuseReluGradients(await gradient((dy, x) => tf.add(dy, tf.step(x)))))).toEqual(['Step', 'Add']);
    const stretched = await gradient((dy, x) => tf.mul(dy, tf.step(tf.sum(x, 0))));
    expect(ops(fuseReluGradients(stretched))).toEqual(['Sum', 'Step', 'Multiply']);
  });
});

describe('the gradients of a padded convolution', () => {
  /** Of 3×3 filters over a picture that is padded by `pad` on each side, with respect to `of`. */
  const gradient = async (of: 'picture' | 'filter', pad: [number, number], stride = 1): Promise<Graph> => {
    const graph = await trace((t) => {
      const paddings = rowsAndColumns(pad, pad);
      const forward = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.conv2d(tf.pad(x, paddings) as tf.Tensor4D, filter as tf.Tensor4D, stride, 'valid');
      const grads = tf.grads((x, filter) => tf.sum(tf.square(forward(x!, filter!))));
      const [dx, dFilter] = grads([t.input('image', [2, 6, 6, 3]), t.parameter('conv.weight', [3, 3, 3, 4])]);
      return { y: of === 'picture' ? dx! : dFilter! };
    });
    return dropIdentities(graph);
  };
  const gradientOps = (graph: Graph): string[] => ops(graph).filter((op) => /Backprop|Slice|PadV2/.test(op));

  test.each(['picture', 'filter'] as const)('by what `same` means, of the %s, pad by themselves', async (of) => {
    const graph = await gradient(of, [1, 1]);
    const op = of === 'picture' ? 'Conv2DBackpropInput' : 'Conv2DBackpropFilter';
    const after = dropDeadCode(absorbGradientPadding(graph));
    expect(gradientOps(after)).toEqual(['PadV2', op]); // the forward pass keeps its padding
    const node = after.nodes.find((found) => found.op === op)!;
    expect(node.attributes['pad']).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expectEquivalent(graph, after);
  });

  test('by anything else stay as they are', async () => {
    for (const graph of [await gradient('picture', [2, 2]), await gradient('picture', [1, 1], 2)])
      expect(ops(absorbGradientPadding(graph))).toEqual(ops(graph));
    const uneven = await gradient('filter', [2, 0]);
    expect(absorbGradientPadding(uneven).nodes).toEqual(uneven.nodes);
  });
});

test('parts of a split are slices, one after the other along its axis', async () => {
  const graph = await trace((t) => {
    const [a, b, c] = tf.split(t.input('x', [2, 6, 3]), [1, 3, 2], 1);
    return { a: a!, b: tf.relu(b!), c: c! };
  });
  const after = sliceSplits(graph);
  expect(after.nodes.map(({ op, attributes }) => [op, attributes])).toEqual([
    ['Slice', { begin: [0, 0, 0], size: [2, 1, 3] }],
    ['Slice', { begin: [0, 1, 0], size: [2, 3, 3] }],
    ['Slice', { begin: [0, 4, 0], size: [2, 2, 3] }],
    ['Relu', {}],
  ]);
  expectEquivalent(graph, after);
});
