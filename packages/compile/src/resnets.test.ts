import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { ResNet } from '@residual/resnet';
import { createModel, getSpec, listModels } from '@residual/resnet/registry';
import { expectClose } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { interpret } from './interpret.ts';
import { optimize } from './passes/optimize.ts';
import { type Tracer, trace } from './trace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function modelOn(t: Tracer, name: string): ResNet {
  return createModel(name, { vars: (path, { shape, trainable }) => t.parameter(path, shape, { trainable }) });
}

/** Values of a trained net's size, so that nothing overflows. */
function floats(name: string, shape: readonly number[]): tf.Tensor {
  const fanIn = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  if (shape.length === 4 && name !== 'image') return tf.randomNormal([...shape], 0, Math.sqrt(2 / fanIn), 'float32', 1);
  const [low, high] = /running_var|weight/.test(name) && shape.length === 1 ? [0.5, 1] : [-0.5, 0.5];
  return tf.randomUniform([...shape], low, high, 'float32', name.length);
}

/**
 * Runs `fn` eagerly and its trace by the interpreter on the same values, and compares the outputs, and up to rounding
 * those of the optimised graph. Batch norm in training is one operation in a graph, so there all is up to rounding.
 */
async function expectSameAsEager(fn: (t: Tracer) => Record<string, tf.Tensor>, tolerance = 0): Promise<void> {
  const graph = await trace(fn);
  tf.tidy(() => {
    const feeds: Record<string, tf.Tensor> = {};
    const value = (name: string, shape: readonly number[], dtype = 'float32'): tf.Tensor => {
      feeds[name] ??= dtype === 'int32' ? tf.randomUniform([...shape], 0, 10, 'int32', 1) : floats(name, shape);
      return feeds[name];
    };
    const eager = fn({ input: value, parameter: (name, shape) => value(name, shape) });
    const actual = interpret(graph, feeds);
    const optimised = interpret(optimize(graph), feeds);
    expect(Object.keys(actual)).toEqual(Object.keys(eager));
    for (const [name, tensor] of Object.entries(eager)) {
      expect(tensor.dataSync().every(Number.isFinite), name).toBe(true);
      expect(actual[name]!.shape, name).toEqual(tensor.shape);
      expectClose(actual[name]!.dataSync(), tensor.dataSync(), tolerance, name);
      expectClose(optimised[name]!.dataSync(), tensor.dataSync(), 1e-4, name);
    }
  });
}

// The wide and deep variants have no operation that these have not; their traces are compared with published figures.
test.each(['resnet18', 'resnet50', 'resnet20', 'plain20', 'resnet20_b'])(
  'the trace of %s runs as eager',
  async (name) => {
    await expectSameAsEager((t) => ({
      logits: modelOn(t, name).forward(t.input('image', [1, 32, 32, 3]) as tf.Tensor4D),
    }));
  },
);

test('every variant is traced', async () => {
  for (const name of listModels()) {
    const graph = await trace((t) => ({
      logits: modelOn(t, name).forward(t.input('image', [1, 64, 64, 3]) as tf.Tensor4D),
    }));
    const convolutions = graph.nodes.filter(({ op }) => op === 'Conv2D');
    const { numClasses = 1000 } = getSpec(name);
    const { shape } = graph.values[graph.outputs[0]!.value]!;
    expect(numClasses === null ? shape.length : shape, name).toEqual(numClasses === null ? 4 : [1, numClasses]);
    const blocks = getSpec(name).depths.reduce((sum, depth) => sum + depth);
    expect(convolutions.length, name).toBeGreaterThan(2 * blocks);
    // Blocks may have groups of their own, as split attention has.
    const isGrouped = convolutions.some(({ attributes }) => attributes['groups'] !== 1);
    expect(isGrouped || (getSpec(name).groups ?? 1) === 1, name).toBe(true);
  }
});

/** One step of gradient descent, as a function: new parameters, new running statistics and the loss are outputs. */
function trainingStep(name: string): (t: Tracer) => Record<string, tf.Tensor> {
  return (t) => {
    const model = modelOn(t, name);
    const trainable: [string, tf.Tensor][] = [];
    for (const [path, tensor] of model.variables) if (!path.includes('running_')) trainable.push([path, tensor]);
    const image = t.input('image', [2, 4, 4, 3]) as tf.Tensor4D;
    const labels = tf.oneHot(t.input('label', [2], 'int32') as tf.Tensor1D, 10);
    const updates = new Map<string, tf.Tensor>();
    const loss = () => tf.losses.softmaxCrossEntropy(labels, model.forward(image, { training: true, updates }));
    const { value, grads } = tf.valueAndGrads(loss as never)(trainable.map(([, tensor]) => tensor));
    const moved = trainable.map(([path, tensor], index) => [path, tf.sub(tensor, tf.mul(grads[index]!, 0.1))]);
    return { loss: value, ...Object.fromEntries(moved), ...Object.fromEntries(updates) };
  };
}

test.each(['resnet20', 'resnet20_b', 'plain20'])(
  'the trace of a training step of %s gives the loss, parameters and running statistics of eager',
  async (name) => {
    await expectSameAsEager(trainingStep(name), 1e-4);
  },
);

test('a training step changes parameters and running statistics, all of them outputs', async () => {
  const graph = await trace(trainingStep('resnet20'));
  const outputs = new Map(graph.outputs.map(({ name, value }) => [name, value]));
  const parameters = graph.inputs.filter(({ role }) => role === 'parameter');
  expect(parameters).toHaveLength(97);
  for (const { name, value } of parameters) {
    expect(outputs.get(name), name).toBeDefined();
    expect(outputs.get(name), name).not.toBe(value);
    expect(graph.values[outputs.get(name)!]!.shape, name).toEqual(graph.values[value]!.shape);
  }
});

test('an optimised training step has the gradients of ReLUs and of padded convolutions as one operation each', async () => {
  const ops = optimize(await trace(trainingStep('resnet20'))).nodes.map(({ op }) => op);
  const count = (op: string): number => ops.filter((other) => other === op).length;
  expect(count('ReluGrad')).toBe(19);
  expect(count('Step')).toBe(0);
  expect(count('BatchNormTraining')).toBe(19);
  expect(count('BatchNormTrainingGrad')).toBe(19);
  // Those of stride 2, whose padding is not TensorFlow's `same`, and the shortcuts' of channels.
  expect(count('PadV2')).toBe(4);
});
