import { randomVars, shapesOnly, type VarSource } from '@residual/blocks';
import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { cifarResNet } from './cifar.ts';
import type { Endpoint } from './endpoint.ts';
import { resnet18, resnet18Spec } from './imagenet.ts';
import { createModel, listModels } from './registry.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import { cifarStem } from './stem.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const seeded = randomVars({ seed: 2 });
const picture = (size: number, channels = 3): tf.Tensor4D =>
  tf.randomUniform([2, size, size, channels], -1, 1, 'float32', 4);

// torchvision's state dicts without num_batches_tracked.
test.each([
  ['resnet18', 102],
  ['resnet34', 182],
  ['resnet50', 267],
])('%s has the tensors of its state dict', (name, count) => {
  expect(createModel(name, { vars: shapesOnly }).variables.size).toBe(count);
});

test('options: head, channels, stem', () => {
  const model = createModel('resnet20', { vars: seeded, numClasses: 7, inChannels: 4 });
  expect(model.forward(picture(16, 4)).shape).toEqual([2, 7]);
  const headless = createModel('resnet20', { vars: seeded, numClasses: null });
  const features = headless.forward(picture(16)) as tf.Tensor4D;
  expect(features.shape).toEqual([2, 4, 4, 64]);
  expect(headless.forwardHead(features).shape).toEqual([2, 64]);
  expect(headless.endpoints).toEqual(['stem', 'layer1', 'layer2', 'layer3', 'pooled']);
  const small = new ResNet({ ...resnet18Spec, width: 8 }, { vars: seeded, stem: cifarStem, numClasses: 10 });
  expect(small.forwardFeatures(picture(16)).shape).toEqual([2, 2, 2, 64]);
});

describe('output stride', () => {
  const spec = { ...resnet18Spec, depths: [1, 1, 1, 1], width: 8 };
  test.each([
    [8, 8],
    [16, 4],
    [32, 2],
    [undefined, 2],
  ] as const)('%s', (outputStride, size) => {
    const options: ResNetOptions = { vars: seeded, ...(outputStride && { outputStride }) };
    expect(new ResNet(spec, options).forwardFeatures(picture(64)).shape).toEqual([2, size, size, 64]);
  });
});

test('the same weights whatever the output stride', () => {
  const names = (options: ResNetOptions): string[] => [...resnet18({ ...options, vars: shapesOnly }).variables.keys()];
  expect(names({ outputStride: 8 })).toEqual(names({}));
});

test('zeroInitResidual starts every block as its shortcut', () => {
  const model = cifarResNet(8, { vars: seeded, zeroInitResidual: true });
  expect(model.variables.get('layer1.0.bn2.weight')!.dataSync()[0]).toBe(0);
  expect(model.variables.get('layer1.0.bn1.weight')!.dataSync()[0]).toBe(1);
});

test('intermediates are what forward goes through; asking for an early one computes no more', () => {
  const model = cifarResNet(8, { vars: seeded });
  const x = picture(16);
  const { layer2, pooled, logits } = model.forwardIntermediates(x, ['layer2', 'pooled', 'logits']);
  expect(layer2.shape).toEqual([2, 8, 8, 32]);
  expectClose(logits.dataSync(), model.forward(x).dataSync(), 1e-6);
  const preLogits = model.forwardHead(model.forwardFeatures(x), { preLogits: true });
  expectClose(pooled.dataSync(), preLogits.dataSync(), 1e-6);
  const kernels = tf.profile(() => model.forwardIntermediates(x, ['stem']));
  return kernels.then(({ kernelNames, kernels: run }) => {
    expect(run.filter(({ name }) => name === 'Conv2D')).toHaveLength(1);
    expect(kernelNames).not.toContain('Mean');
  });
});

test('an endpoint that the model does not have is named, with those it has', () => {
  const model = cifarResNet(8, { vars: seeded, numClasses: null });
  expect(() => model.forwardIntermediates(picture(16), ['layer4'])).toThrow(
    "resnet8 has no endpoint 'layer4'; it has stem, layer1, layer2, layer3, pooled",
  );
});

test('a state dict goes from one model to another', async () => {
  const first = cifarResNet(8, { vars: seeded });
  const second = cifarResNet(8, { vars: randomVars({ seed: 9 }) });
  const x = picture(16);
  expect(second.loadStateDict(await first.stateDict())).toEqual({ missing: [], unexpected: [], mismatched: [] });
  expect(second.forward(x).dataSync()).toEqual(first.forward(x).dataSync());
});

test('memory is as before after build, 100 runs and dispose', () => {
  const x = picture(8);
  const before = tf.memory();
  const model = cifarResNet(8, { vars: seeded });
  for (let run = 0; run < 100; run++) model.forward(x).dispose();
  model.forwardFeatures(x).dispose();
  tf.dispose(model.forwardIntermediates(x, ['stem', 'logits']));
  model.dispose();
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
});

test('models are listed and built by name', () => {
  expect(listModels('wide*')).toEqual(['wide_resnet50_2', 'wide_resnet101_2', 'wide_resnet14_2']);
  expect(listModels('resnet1?')).toEqual(['resnet18']);
  expect(listModels()).toContain('plain56');
  expect(() => createModel('resnet19')).toThrow(/^no model 'resnet19'; did you mean 'resnet18'\?$/);
  expect(() => createModel('resnet')).toThrow(/^no model 'resnet'; of \d+, the nearest are resnet18, (\w+, ){4}\w+$/);
  expect(() => cifarResNet(21)).toThrow('a CIFAR ResNet has 6n + 2 layers (20, 32, 44, 56, 110, …), got 21');
});

test('from the output of any endpoint it goes on to the logits', () => {
  const model = cifarResNet(8, { vars: seeded });
  const x = picture(16);
  const found = model.forwardIntermediates(x, model.endpoints);
  for (const [name, value] of Object.entries(found))
    expectClose(model.forwardFrom(name as Endpoint, value).dataSync(), found.logits!.dataSync(), 1e-6, name);
  expect(() => model.forwardFrom('layer4', x)).toThrow("resnet8 has no endpoint 'layer4'; it has stem, layer1");
});

test('the stem is had before its pooling too, and gone on from', () => {
  const model = new ResNet({ ...resnet18Spec, depths: [1, 1], width: 8 }, { vars: seeded });
  expect(model.endpoints).toEqual(['act1', 'stem', 'layer1', 'layer2', 'pooled', 'logits']);
  const found = model.forwardIntermediates(picture(32), model.endpoints);
  expect([found.act1!.shape, found.stem!.shape]).toEqual([
    [2, 16, 16, 8],
    [2, 8, 8, 8],
  ]);
  for (const name of ['act1', 'stem', 'layer1', 'pooled'] as const)
    expect(model.forwardFrom(name, found[name]!).dataSync(), name).toEqual(found.logits!.dataSync());
});

describe('a new head', () => {
  test('takes the old one’s place; what is before it stays', async () => {
    const model = cifarResNet(8, { vars: seeded, numClasses: 10 });
    const { numTensors } = tf.memory();
    const before = await model.stateDict();
    const [oldWeight, kept] = [model.variables.get('fc.weight')!, model.variables.get('conv1.weight')];
    model.resetClassifier(3);
    expect(oldWeight.isDisposed).toBe(true);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(model.variables.get('conv1.weight')).toBe(kept);
    expect([...model.variables.keys()]).toEqual([...before.keys()]);
    expect([model.numClasses, model.spec.numClasses]).toEqual([3, 3]);
    const x = picture(16);
    const { pooled, logits } = model.forwardIntermediates(x, ['pooled', 'logits']);
    expect(logits.shape).toEqual([2, 3]);
    expectClose(model.forward(x).dataSync(), model.forwardFrom('pooled', pooled).dataSync(), 1e-6);
    expect(model.withVars(shapesOnly).variableSpecs.get('fc.weight')!.shape).toEqual([64, 3]);
    const fresh = cifarResNet(8, { vars: seeded, numClasses: 3 });
    fresh.loadStateDict(await model.stateDict());
    expect(fresh.forward(x).dataSync()).toEqual(model.forward(x).dataSync());
  });

  test('comes from the source that is given, else differs each time', () => {
    const weightOf = (vars?: VarSource): tf.TypedArray => {
      const model = cifarResNet(8, { vars: seeded });
      model.resetClassifier(4, vars && { vars });
      return model.variables.get('fc.weight')!.dataSync();
    };
    expect(weightOf(randomVars({ seed: 5 }))).toEqual(weightOf(randomVars({ seed: 5 })));
    expect(weightOf()).not.toEqual(weightOf());
  });

  test('none leaves the feature map, and one comes back', () => {
    const model = cifarResNet(8, { vars: seeded });
    model.resetClassifier(null);
    expect(model.forward(picture(16)).shape).toEqual([2, 4, 4, 64]);
    expect(model.variables.has('fc.weight')).toBe(false);
    expect([model.numClasses, model.endpoints.at(-1), model.classWeights]).toEqual([null, 'pooled', undefined]);
    model.resetClassifier(2);
    expect(model.forward(picture(16)).shape).toEqual([2, 2]);
    expect(model.classWeights).toBe('fc.weight');
  });

  test('that its source does not have leaves the model as it was', () => {
    const model = cifarResNet(8, { vars: seeded, numClasses: 5 });
    const x = picture(16);
    const before = model.forward(x).dataSync();
    const { numTensors } = tf.memory();
    const vars: VarSource = (path, spec) => {
      if (path === 'fc.bias') throw new Error('no such variable');
      return seeded(path, spec);
    };
    expect(() => model.resetClassifier(3, { vars })).toThrow('no such variable');
    expect(model.forward(x).dataSync()).toEqual(before);
    expect([model.numClasses, tf.memory().numTensors - numTensors]).toEqual([5, 1]);
    model.resetClassifier(3);
    expect(model.numClasses).toBe(3);
  });

  test.each([0, -1, 2.5, Number.NaN])('of %s classes is refused, and nothing is changed', (numClasses) => {
    const model = cifarResNet(8, { vars: seeded, numClasses: 5 });
    expect(() => model.resetClassifier(numClasses)).toThrow(
      `resnet8: expected a whole number of classes from 1, got ${numClasses}; null leaves the head out`,
    );
    expect(model.forward(picture(16)).shape).toEqual([2, 5]);
  });
});
