import {
  BasicBlock,
  batchNorm,
  type ConvType,
  conv2d,
  leakyRelu,
  type NormType,
  randomVars,
  shapesOnly,
  silu,
} from '@residual/blocks';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { averageAndMaxPool } from './average-and-max-pool.ts';
import { linearHeadWithoutBias } from './head.ts';
import { createModel, getSpec } from './registry.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { cifarStem } from './stem.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const build = (name: string, options: ResNetOptions = {}): ResNet =>
  createModel(name, { ...options, vars: shapesOnly });
const parametersOf = ({ variableSpecs }: ResNet): number =>
  [...variableSpecs.values()]
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

// Counted by timm 1.0; kuangliu's by torch.
test.each([
  ['resnet50d', 25_576_264],
  ['seresnet50', 28_088_024],
  ['resnetv2_50', 25_549_352],
  ['cifar_resnet18', 11_173_962],
  ['cifar_preact_resnet18', 11_171_146],
])('%s has %i parameters', (name, count) => {
  expect(parametersOf(build(name))).toBe(count);
});

test.each([
  ['resnet50', 'conv1.weight', 'fc', 'fc.weight', 224],
  ['resnet50d', 'conv1.0.weight', 'fc', 'fc.weight', 224],
  ['resnetv2_50', 'stem.conv.weight', 'head.fc', undefined, 224],
  ['cifar_preact_resnet18', 'conv1.weight', 'fc', 'fc.weight', 32],
] as const)('%s names its input, its head and its size itself', (name, input, head, matrix, sizePx) => {
  const model = build(name);
  expect([model.inputWeight, model.headPath, model.classWeights, model.sizePx]).toEqual([input, head, matrix, sizePx]);
  expect(model.variableSpecs.get(model.inputWeight)!.shape[2]).toBe(3);
});

describe('the spec is what was built', () => {
  const options: ResNetOptions = {
    stem: cifarStem,
    strideIn: '1x1',
    outputStride: 8,
    convBias: 'all',
    epsilon: 1e-3,
    activation: silu,
    pool: averageAndMaxPool,
    head: linearHeadWithoutBias,
    numClasses: 7,
    inChannels: 4,
  };

  test('with every option in it, and nothing else', () => {
    const model = build('resnet50', options);
    expect(model.spec).toEqual({ ...getSpec('resnet50'), ...options });
    expect([model.sizePx, model.inChannels, model.numClasses]).toEqual([32, 4, 7]);
    expect(model.variableSpecs.get('fc.weight')!.shape).toEqual([4096, 7]);
    expect(model.variableSpecs.has('fc.bias')).toBe(false);
    expect(model.variableSpecs.has('layer4.2.conv3.bias')).toBe(true);
    expect(model.classWeights).toBeUndefined();
  });

  test('and over other variables it is the same network', () => {
    const model = build('resnet50', { ...options, zeroInitResidual: true });
    const again = model.withVars(shapesOnly);
    expect(again.spec).toEqual(model.spec);
    const described = ({ variableSpecs }: ResNet) => [...variableSpecs].map(([name, { shape }]) => `${name} ${shape}`);
    expect(described(again)).toEqual(described(model));
    const start = again.variableSpecs.get('layer1.0.bn3.weight')!.initializer([1], 0);
    expect(start.dataSync()[0]).toBe(0);
    start.dispose();
  });
});

test('biases only where the spec names them', () => {
  const model = build('resnet18', { convBias: new Set(['layer1.0.conv2', 'conv1']) });
  const biased = [...model.variableSpecs.keys()].filter((name) => /(conv\d|downsample\.0)\.bias$/.test(name));
  expect(biased).toEqual(['conv1.bias', 'layer1.0.conv2.bias']);
});

test('convolution, norm, epsilon and activation of the spec are those of every part', () => {
  const convs: string[] = [];
  const epsilons = new Set<number | undefined>();
  const conv: ConvType = (vars, options) => {
    convs.push(vars.path);
    return conv2d(vars, options);
  };
  const norm: NormType = (vars, channels, options) => {
    epsilons.add(options?.epsilon);
    return batchNorm(vars, channels, options);
  };
  const spec: ResNetSpec = { name: 'own', block: BasicBlock, depths: [1, 1], width: 8, conv, norm, epsilon: 0.01 };
  const model = new ResNet({ ...spec, activation: leakyRelu }, { vars: randomVars({ seed: 3 }), numClasses: 2 });
  expect(convs).toEqual([
    ...['conv1', 'layer1.0.conv1', 'layer1.0.conv2'],
    ...['layer2.0.conv1', 'layer2.0.conv2', 'layer2.0.downsample.0'],
  ]);
  expect([...epsilons]).toEqual([0.01]);
  const features = model.forwardFeatures(tf.randomUniform([1, 16, 16, 3], -1, 1, 'float32', 2));
  expect(Math.min(...features.dataSync())).toBeLessThan(0);
});

test('stages have the channels that the spec gives them', () => {
  const spec: ResNetSpec = { name: 'own', block: BasicBlock, depths: [1, 1, 1], width: 8, planes: [8, 24, 40] };
  const model = new ResNet(spec, { vars: shapesOnly });
  expect(model.numFeatures).toBe(40);
  expect(model.variableSpecs.get('layer2.0.conv1.weight')!.shape).toEqual([3, 3, 8, 24]);
});

test.each(['resnet50d', 'seresnet50', 'resnetv2_50', 'cifar_preact_resnet18'])('%s leaves no memory behind', (name) => {
  const spec = getSpec(name);
  const small: ResNetSpec = { ...spec, depths: [1, 1], width: 32, planes: [8, 16], numClasses: 3 };
  const x = tf.ones<tf.Rank.R4>([2, 19, 23, 3]);
  const before = tf.memory();
  const model = new ResNet(small, { vars: randomVars({ seed: 1 }) });
  model.forward(x).dispose();
  tf.dispose(model.forwardIntermediates(x, model.endpoints));
  model.dispose();
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
});
