import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { bind, weightsFrom } from './bind.ts';
import { interpret } from './interpret.ts';
import { type TraceableModel, traceModel } from './trace-model.ts';

type Vars = Parameters<TraceableModel['withVars']>[0];

/** A convolution of three by three, its running mean, and a head. */
class SmallModel implements TraceableModel<'features' | 'logits'> {
  readonly inChannels: number;
  readonly filter: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly head: tf.Tensor2D;

  constructor(vars: Vars, inChannels: number) {
    this.inChannels = inChannels;
    this.filter = vars('conv.weight', { shape: [3, 3, inChannels, 4], trainable: true }) as tf.Tensor4D;
    this.mean = vars('bn.running_mean', { shape: [4], trainable: false }) as tf.Tensor1D;
    this.head = vars('fc.weight', { shape: [4, 2], trainable: true }) as tf.Tensor2D;
  }

  get variables(): [string, tf.Tensor][] {
    return [
      ['conv.weight', this.filter],
      ['bn.running_mean', this.mean],
      ['fc.weight', this.head],
    ];
  }

  withVars(vars: Vars): SmallModel {
    return new SmallModel(vars, this.inChannels);
  }

  forwardIntermediates(x: tf.Tensor4D, names: readonly ('features' | 'logits')[]): Record<string, tf.Tensor> {
    return tf.tidy(() => {
      const features = tf.relu(tf.sub(tf.conv2d(x, this.filter, 1, 'valid'), this.mean));
      if (!names.includes('logits')) return { features };
      const logits = tf.matMul(tf.mean<tf.Tensor2D>(features, [1, 2]), this.head);
      return names.includes('features') ? { features, logits } : { logits };
    });
  }
}

function smallModel(inChannels: number): SmallModel {
  return new SmallModel((path, { shape }) => tf.randomUniform(shape, -1, 1, 'float32', path.length), inChannels);
}

test('a model is traced by its variables and its channels, and computes what it did', async () => {
  await tf.setBackend('cpu');
  const model = smallModel(2);
  const graph = await traceModel(model, { endpoints: ['features', 'logits'], batchSize: 3, sizePx: 6 });
  expect(graph.inputs.map(({ name, role, trainable }) => ({ name, role, trainable }))).toEqual([
    { name: 'conv.weight', role: 'parameter', trainable: undefined },
    { name: 'bn.running_mean', role: 'parameter', trainable: false },
    { name: 'fc.weight', role: 'parameter', trainable: undefined },
    { name: 'image', role: 'data', trainable: undefined },
  ]);
  const image = tf.randomUniform<tf.Rank.R4>([3, 6, 6, 2], -1, 1, 'float32', 7);
  const eager = model.forwardIntermediates(image, ['features', 'logits']);
  const traced = interpret(bind(graph, await weightsFrom(model.variables)), { image });
  for (const name of ['features', 'logits']) {
    expect(traced[name]!.shape).toEqual(eager[name]!.shape);
    expect(await traced[name]!.data()).toEqual(await eager[name]!.data());
  }
});

test('only what the endpoints need is in the graph, for one picture where no number is said', async () => {
  const graph = await traceModel(smallModel(1), { endpoints: ['features'], sizePx: 5 });
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv2D', 'Sub', 'Relu']);
  expect(graph.outputs.map(({ name, value }) => [name, graph.values[value]!.shape])).toEqual([
    ['features', [1, 3, 3, 4]],
  ]);
});
