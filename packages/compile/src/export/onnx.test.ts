import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { createModel } from '@residual/resnet/registry';
import { engineContract, expectClose, requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { bind, weightsFrom } from '../bind.ts';
import { makeExecutable } from '../engine/make-executable.ts';
import type { Engine } from '../engine.ts';
import type { ConstantData, Graph } from '../graph.ts';
import { interpret } from '../interpret.ts';
import { optimize } from '../passes/optimize.ts';
import { trace } from '../trace.ts';
import { permuted } from './onnx/node-writer.ts';
import { onnxModel, UnsupportedOperationError } from './onnx.ts';

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  await tf.setBackend('cpu');
});

function fileOf(graph: Graph): Uint8Array {
  return Buffer.concat(onnxModel(graph).chunks);
}

/** Exports a graph and runs it by ONNX Runtime, pictures turned to `[N, C, H, W]` and back. */
function onnxRuntime(): Engine {
  return {
    name: 'onnx',
    isAvailable: async () => ({ available: true }),
    async compile(graph, weights, options) {
      const bound = bind(optimize(graph), weights);
      const session = await ort.InferenceSession.create(fileOf(bound));
      const info = { engine: 'onnx', device: 'wasm', nodeCount: bound.nodes.length, weightBytes: 0 };
      const run = async (inputs: Readonly<Record<string, ConstantData>>) => {
        const feeds = bound.inputs.map(({ name, value }) => {
          const { shape } = bound.values[value]!;
          const [n, h, w, c] = shape as [number, number, number, number];
          const data = inputs[name] as Float32Array;
          const turned = shape.length === 4 ? permuted(data, shape, [0, 3, 1, 2]) : data;
          return [name, new ort.Tensor(turned, shape.length === 4 ? [n, c, h, w] : [...shape])] as const;
        });
        const results = await session.run(Object.fromEntries(feeds));
        return Object.fromEntries(
          Object.entries(results).map(([name, { dims, data }]) => [
            name,
            permuted(data as Float32Array, dims, dims.length === 4 ? [0, 2, 3, 1] : dims.map((_, axis) => axis)),
          ]),
        );
      };
      return makeExecutable(bound, { info, run, dispose: () => session.release() }, options);
    },
  };
}

engineContract('ONNX in ONNX Runtime', {
  outgrowsMemory: false,
  engine: onnxRuntime,
  trace,
  interpret,
  setUp: () => tf.setBackend('cpu'),
});

async function resnet(name: string, imagePx: number): Promise<{ graph: Graph; bound: Graph }> {
  const graph = await trace((t) => {
    const traced = createModel(name, { vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: traced.forward(t.input('image', [1, imagePx, imagePx, 3]) as tf.Tensor4D) };
  });
  const model = createModel(name);
  const weights = await weightsFrom(model.variables);
  model.dispose();
  return { graph, bound: bind(optimize(graph), weights) };
}

test('the batch is open: a graph traced for one picture takes several', async () => {
  const { bound } = await resnet('resnet20', 32);
  const session = await ort.InferenceSession.create(fileOf(bound));
  const image = Float32Array.from({ length: 3 * 32 * 32 }, (_, index) => Math.sin(index));
  const one = (await session.run({ image: new ort.Tensor(image, [1, 3, 32, 32]) }))['logits']!;
  const two = (await session.run({ image: new ort.Tensor(Float32Array.of(...image, ...image), [2, 3, 32, 32]) }))[
    'logits'
  ]!;
  expect(two.dims).toEqual([2, 10]);
  const row = one.data as Float32Array;
  expectClose(two.data as Float32Array, [...row, ...row], 1e-6);
});

test('the batch is open where channels are divided in groups, gated, and reshaped for it', async () => {
  const graph = await trace((t) => {
    const x = t.input('image', [1, 4, 4, 6]) as tf.Tensor4D;
    const means = tf.reshape(tf.mean(x, [1, 2], true), [-1, 3]) as tf.Tensor2D;
    const groups = tf.reshape(tf.matMul(means, tf.ones([3, 3]) as tf.Tensor2D), [1, 1, 1, 6]);
    const gated = tf.mul(x, tf.sigmoid(groups));
    return { y: tf.concat([tf.max(gated, [1, 2]), tf.mean(gated, [1, 2])], 1) };
  });
  const session = await ort.InferenceSession.create(fileOf(bind(optimize(graph), new Map())));
  const image = Float32Array.from({ length: 2 * 96 }, (_, index) => Math.sin(index));
  const run = async (from: number, count: number): Promise<number[]> => {
    const data = image.subarray(from * 96, (from + count) * 96);
    const { y } = await session.run({ image: new ort.Tensor(data, [count, 6, 4, 4]) });
    return [...(y!.data as Float32Array)];
  };
  expectClose(Float32Array.from(await run(0, 2)), [...(await run(0, 1)), ...(await run(1, 1))], 1e-6);
});

test('operations of all kinds give the numbers of the traced ones', async () => {
  const graph = await trace((t) => {
    const x = t.input('x', [2, 4, 3, 5]) as tf.Tensor4D;
    const vector = t.input('vector', [2, 6]) as tf.Tensor2D;
    const [left, right] = tf.split(x, [2, 3], 3) as [tf.Tensor4D, tf.Tensor4D];
    return {
      joined: tf.concat([right, left, tf.slice(x, [0, 0, 0, 1], [-1, -1, -1, 2])], 3),
      cut: tf.slice(x, [0, 1, 0, 0], [2, 2, 3, 5]),
      padded: tf.pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 0],
          [0, 1],
        ],
        3,
      ),
      flat: tf.reshape(tf.maxPool(x, 2, 1, 'valid'), [2, 30]),
      turned: tf.transpose(x, [0, 2, 1, 3]),
      sums: tf.sum(x, [1, 3]),
      largest: tf.max(x, 3, true),
      means: tf.mean(x, 3),
      best: tf.cast(tf.argMax(vector, 1), 'float32'),
      odds: tf.softmax(vector),
      clipped: tf.clipByValue(tf.mul(x, [1, 2, 3, 4, 5]), -1, 1),
      scaled: tf.div(tf.sub(x, tf.ones([3, 5])), 2),
      curved: tf.add(tf.sigmoid(vector), tf.tanh(tf.square(vector))),
      chosen: tf.where(tf.greater(x, 0), x, tf.mul(x, 0.1)),
      steep: tf.leakyRelu(vector, 0.3),
    };
  });
  const engine = onnxRuntime();
  const executable = await engine.compile(graph, new Map());
  const arrays = {
    x: Float32Array.from({ length: 120 }, (_, index) => Math.sin(index + 1)),
    vector: Float32Array.from({ length: 12 }, (_, index) => Math.cos(index)),
  };
  const actual = await executable.run(arrays);
  const expected = tf.tidy(() => {
    const feeds = { x: tf.tensor(arrays.x, [2, 4, 3, 5]), vector: tf.tensor(arrays.vector, [2, 6]) };
    return Object.entries(interpret(graph, feeds)).map(([name, tensor]) => [name, tensor.dataSync()] as const);
  });
  for (const [name, values] of expected) expectClose(actual[name] as Float32Array, values as Float32Array, 1e-6, name);
});

test('an output may be an input, a constant, or another output', async () => {
  const graph = await trace((t) => {
    const x = t.input('x', [1, 2, 2, 3]);
    const y = tf.relu(x);
    return { copy: x, y, again: y, fixed: tf.tensor1d([1, 2]) };
  });
  const executable = await onnxRuntime().compile(graph, new Map());
  const x = Float32Array.from({ length: 12 }, (_, index) => index - 6);
  const { copy, y, again, fixed } = await executable.run({ x });
  expect(copy).toEqual(x);
  expect(y).toEqual(x.map((number) => Math.max(number, 0)));
  expect(again).toEqual(y);
  expect(fixed).toEqual(Float32Array.of(1, 2));
});

test('what ONNX has no word for is named', async () => {
  const graph = await trace((t) => ({ y: tf.cumsum(t.input('x', [2, 3]), 1) }));
  expect(() => onnxModel(graph)).toThrow("'Cumsum' has no counterpart in ONNX's export");
  expect(() => onnxModel(graph)).toThrow(UnsupportedOperationError);
});

const rows: [number, number][] = [
  [0, 0],
  [1, 1],
  [0, 0],
  [0, 0],
];

test.each<[string, (x: tf.Tensor4D) => tf.Tensor]>([
  ['MirrorPad', (x) => tf.mirrorPad(x, rows, 'symmetric')],
  ['StridedSlice', (x) => tf.stridedSlice(x, [0, 0, 0, 0], [2, 4, 4, 6], [1, 2, 2, 1])],
  ['Reshape', (x) => tf.reshape(tf.relu(x), [3, 64])],
])('a form of %s that ONNX has not, or that would fix the open batch, is named', async (op, net) => {
  const graph = await trace((t) => ({ y: net(t.input('x', [2, 4, 4, 6]) as tf.Tensor4D) }));
  expect(() => onnxModel(graph)).toThrow(`'${op}' has no counterpart in ONNX's export`);
});

test('a graph without its weights is refused', async () => {
  const graph = await trace((t) => ({ y: tf.mul(t.input('x', [2]), t.parameter('scale', [2])) }));
  expect(() => onnxModel(graph)).toThrow('scale: expected [2], got no weight; export bind(optimize(graph), weights)');
});

describe.skipIf(!requirement('python'))('by the onnx package', () => {
  test.each(['resnet18', 'resnext50_32x4d', 'resnet20'])('%s passes the checker', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'residual-onnx-'));
    const { bound } = await resnet(name, 32);
    const file = join(folder, `${name}.onnx`);
    writeFileSync(file, fileOf(bound));
    const script = [
      'import sys, onnx',
      'model = onnx.load(sys.argv[1])',
      'onnx.checker.check_model(model, full_check=True)',
      'print(model.opset_import[0].version, [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim])',
    ].join('\n');
    const env = { ...process.env, OPENBLAS_CORETYPE: undefined };
    const output = execFileSync('/usr/bin/python3', ['-c', script, file], { encoding: 'utf8', env });
    rmSync(folder, { recursive: true });
    expect(output).toBe("17 ['N', 3, 32, 32]\n");
  });
});
