import '@tensorflow/tfjs-backend-cpu';
import { randomVars } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec, cifarStem, resnet18Spec, sequentialHead } from '@residual/resnet';
import { expectClose } from '@residual/testing';
import { cifar, type PixelImage, softmax, timm288 } from '@residual/vision';
import { cifar10Classes } from '@residual/vision/cifar10';
import { imagenetClasses } from '@residual/vision/imagenet';
import { readStateDict, writeSafetensors } from '@residual/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createClassifier } from './create-classifier.ts';
import { defaultLabels } from './default-labels.ts';
import { defaultPreset } from './default-preset.ts';
import { toMetadata } from './weights-metadata.ts';

const spec = cifarResNetSpec(8);
const preset = { ...cifar, resizePx: 8, cropPx: 8 };

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function weights(numClasses = 10) {
  const model = cifarResNet(8, { numClasses, vars: randomVars({ seed: 1 }) });
  const dict = await model.stateDict();
  model.dispose();
  return dict;
}

function picture(seed: number): PixelImage {
  const data = Uint8Array.from({ length: 12 * 9 * 3 }, (_, i) => (i * seed * 37) % 256);
  return { width: 12, height: 9, channels: 3, data };
}

test('building, a hundred runs and disposing leave tfjs memory as it was', async () => {
  const dict = await weights();
  const before = tf.memory();
  const classifier = await createClassifier({ model: spec, weights: dict, preset });
  const built = tf.memory().numTensors;
  for (let i = 0; i < 100; i++) await classifier.classify(picture(i));
  expect(tf.memory().numTensors).toBe(built);
  classifier.dispose();
  classifier.dispose();
  expect(tf.memory()).toEqual(before);
});

test('one picture gives a list of classes, several a list of lists, whatever the batch size', async () => {
  const dict = await weights();
  const pictures = [1, 2, 3, 4, 5].map(picture);
  const classifier = await createClassifier({ model: spec, weights: dict, preset, batchSize: 2 });
  const all = await classifier.classify(pictures, { topK: 3 });
  const single = await classifier.classify(pictures[3]!, { topK: 3 });
  const logits = await classifier.logits(pictures);
  classifier.dispose();
  expect(all.map((top) => top.length)).toEqual([3, 3, 3, 3, 3]);
  expect(all[3]!.map(({ label }) => label)).toEqual(single.map(({ label }) => label));
  for (const [i, top] of all.entries())
    for (const { index, label, score } of top) {
      expect(score).toBe(softmax(logits[i]!)[index]);
      expect(label).toBe(cifar10Classes[index]);
    }
});

test('the logits are those of the model on the prepared picture', async () => {
  const model = cifarResNet(8, { vars: randomVars({ seed: 2 }) });
  const classifier = await createClassifier({ model, preset });
  const input = classifier.prepare(picture(3));
  const expected = tf.tidy(() => model.forward(tf.tensor4d(input, [1, 8, 8, 3])).dataSync());
  expect((await classifier.logits([picture(3)]))[0]).toEqual(expected);
  classifier.dispose();
  expect(model.variables.get('fc.bias')!.isDisposed).toBe(false);
  model.dispose();
});

test('a head of another size is taken over and noted', async () => {
  const classifier = await createClassifier({ model: spec, weights: await weights(4), source: 'mine.pth', preset });
  const { labels, notes, loadReport } = classifier;
  classifier.dispose();
  expect(labels).toEqual(['class 0', 'class 1', 'class 2', 'class 3']);
  expect(notes).toEqual(["mine.pth: a head of 4 classes, where resnet8's own has 10"]);
  expect(loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
});

test('weights that are not numbers are a warning that names the first', async () => {
  const dict = await weights();
  const { shape } = dict.get('layer1.0.bn1.weight')!;
  dict.set('layer1.0.bn1.weight', { shape, data: Float32Array.from({ length: 16 }, () => Number.NaN) });
  const classifier = await createClassifier({ model: spec, weights: dict, source: 'nan.pth', preset });
  expect(classifier.warnings).toEqual([
    'nan.pth: 16 values are NaN or infinite, the first in layer1.0.bn1.weight; answers may be wrong or none: fetch or train it again',
  ]);
  classifier.dispose();
});

test('weights of another net leave nothing behind', async () => {
  const dict = await weights();
  const { numTensors } = tf.memory();
  await expect(createClassifier({ model: 'resnet50', weights: dict })).rejects.toThrow(/^weights: these weights/);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test("a file's metadata say how pictures are prepared and what classes are called, unless the caller does", async () => {
  const names = ['a', 'b', 'c'];
  const bytes = writeSafetensors(await weights(3), { metadata: toMetadata({ preset, labels: names }) });
  const file = await readStateDict(bytes);
  const classifier = await createClassifier({ model: spec, weights: file });
  const other = await createClassifier({ model: spec, weights: file, preset: timm288, labels: ['x', 'y', 'z'] });
  expect([classifier.preset, classifier.labels]).toEqual([preset, names]);
  expect([other.preset, other.labels]).toEqual([timm288, ['x', 'y', 'z']]);
  classifier.dispose();
  other.dispose();
});

test.each([
  ['residual.preset', '{"cropPx":1e9}', 'a preset'],
  ['residual.preset', 'imagenet', 'a preset'],
  ['residual.labels', '[1,2]', 'a list of names'],
])('metadata %s of %s are refused', async (key, value, expected) => {
  const file = await readStateDict(writeSafetensors(await weights(), { metadata: { [key]: value } }));
  await expect(createClassifier({ model: spec, weights: file, source: 'w' })).rejects.toThrow(
    `w: metadata ${key}: expected ${expected}`,
  );
});

test('what a classifier is not given rightly is refused in a line', async () => {
  const dict = await weights();
  const classifier = await createClassifier({ model: spec, weights: dict, preset });
  await expect(classifier.classify(picture(1), { topK: 11 })).rejects.toThrow('expected k from 1 to 10');
  await expect(classifier.forward([new Float32Array(5)])).rejects.toThrow('input 0: expected 192 numbers');
  await expect(classifier.classify([], {})).resolves.toEqual([]);
  const aborted = { signal: AbortSignal.abort(new Error('enough')) };
  await expect(classifier.classify(picture(1), aborted)).rejects.toThrow('enough');
  classifier.dispose();
  await expect(classifier.classify(picture(1))).rejects.toMatchObject({ code: 'DISPOSED' });

  await expect(createClassifier({ model: spec, weights: dict, labels: ['one'] })).rejects.toThrow(
    'labels: expected 10 names, one per class, got 1',
  );
});

test('weights without a head embed and explain by a channel; classifying says that there is none', async () => {
  const model = cifarResNet(8, { numClasses: null, vars: randomVars({ seed: 3 }) });
  const dict = await model.stateDict();
  for (const engines of [[], [tfjs()]]) {
    const net = await createClassifier({ weights: dict, model: spec, source: 'b.pth', preset, engines });
    expect(net.notes).toEqual(['b.pth: no head, and so no classes; it embeds']);
    expect([net.labels, net.endpoints.at(-1)]).toEqual([[], 'pooled']);
    const embedding = await net.embed(picture(1));
    expect(embedding).toHaveLength(64);
    const { target, map } = await net.explain(picture(1), { channel: 7 });
    expect(target).toEqual({ index: 7, label: 'channel 7', score: embedding[7] });
    expect(map.data.some((value) => value > 0)).toBe(true);
    const without = { code: 'NO_HEAD', message: expect.stringContaining('without one; embed') };
    await expect(net.classify(picture(1))).rejects.toMatchObject(without);
    await expect(net.explain(picture(1))).rejects.toMatchObject({ code: 'NO_HEAD' });
    await net.dispose();
  }
  model.dispose();
});

test('options for what no file tells reach the network, and means and deviations the pictures', async () => {
  const dict = await weights();
  const usual = await createClassifier({ weights: dict, model: spec, preset });
  const other = await createClassifier({
    weights: dict,
    model: spec,
    preset,
    epsilon: 1e-3,
    activation: 'LeakyReLU',
    outputStride: 16,
    strideIn: '1x1',
    mean: [0.5],
    std: [0.1, 0.2, 0.3],
  });
  expect(other.spec).toMatchObject({ epsilon: 1e-3, activation: { name: 'leaky_relu' }, strideIn: '1x1' });
  expect(other.preset).toEqual({ ...preset, mean: [0.5, 0.5, 0.5], std: [0.1, 0.2, 0.3] });
  const input = usual.prepare(picture(1));
  expect(await other.forward([input])).not.toEqual(await usual.forward([input]));
  await Promise.all([usual.dispose(), other.dispose()]);
  const bad = (options: object) => createClassifier({ weights: dict, model: spec, ...options });
  await expect(bad({ activation: 'mish' })).rejects.toThrow('activation: expected one of relu, relu6, leaky_relu');
  await expect(bad({ strideIn: '2x2' })).rejects.toThrow('strideIn: expected 1x1 or 3x3, got 2x2');
  await expect(bad({ epsilon: -1 })).rejects.toThrow('epsilon: expected a number from 0 to 1, got -1');
  await expect(bad({ outputStride: 4 })).rejects.toThrow('outputStride: expected 8, 16 or 32, got 4');
  await expect(bad({ mean: [1, 2] })).rejects.toThrow('mean: expected three numbers on 0 … 1, or one, got 1,2');
  await expect(bad({ std: [0] })).rejects.toThrow('std: expected three numbers on 0 … 1, or one, got 0');
});

test('a head of several layers explains at the last stage by gradients', async () => {
  const layers = [
    { at: 0, kind: 'linear', outFeatures: 16, bias: true },
    { at: 1, kind: 'activation' },
    { at: 3, kind: 'linear', outFeatures: 3, bias: true },
  ] as const;
  const model = cifarResNet(8, { head: sequentialHead(layers), numClasses: 3, vars: randomVars({ seed: 3 }) });
  const dict = await model.stateDict();
  const net = await createClassifier({ weights: dict, model: spec, source: 'm.pth', preset });
  expect(net.notes[0]).toBe('a ReLU is assumed for fc.1, which has no tensors');
  const input = net.prepare(picture(1));
  const expected = tf.tidy(() => model.forward(tf.tensor4d(input, [1, 8, 8, 3])).dataSync());
  expectClose((await net.forward([input]))[0]!, expected, 1e-6);
  const { map } = await net.explain(picture(1), { target: 2 });
  expect([map.width, map.height]).toEqual([2, 2]);
  await net.dispose();
  model.dispose();
});

test('labels and presets go by the variant and its number of classes', async () => {
  expect(await defaultLabels(1000, 224)).toBe(imagenetClasses);
  expect(await defaultLabels(10, 224)).toContain('class 9');
  expect(await defaultLabels(10, 32)).toBe(cifar10Classes);
  expect(defaultPreset({ ...resnet18Spec, stem: cifarStem }).cropPx).toBe(32);
  expect(defaultPreset(resnet18Spec)).toMatchObject({ resizePx: 256, cropPx: 224, interpolation: 'bilinear' });
  expect(defaultPreset({ ...resnet18Spec, name: 'resnext101_64x4d' }).resizePx).toBe(232);
  expect(defaultPreset(spec).cropPx).toBe(32);
});

test('embeddings and features are the endpoints of the model, by tfjs and compiled, one picture or many', async () => {
  const model = cifarResNet(8, { vars: randomVars({ seed: 5 }) });
  const weights = await model.stateDict();
  const pictures = [1, 2, 3].map(picture);
  for (const engines of [[], [tfjs()]]) {
    const net = await createClassifier({ model: spec, weights, preset, engines, batchSize: 2 });
    const embeddings = await net.embed(pictures);
    const features = await net.features(pictures, { layers: ['layer2', 'pooled'] });
    const [first] = pictures;
    const every = await net.features(first!);
    expect(Object.keys(every)).toEqual(['layer1', 'layer2', 'layer3']);
    expect(every.layer2!.shape).toEqual([4, 4, 32]);
    expectClose(every.layer2!.data, features[0]!.layer2.data, 1e-6);
    expectClose(await net.embed(first!), embeddings[0]!, 1e-6);
    for (const [index, image] of pictures.entries()) {
      const x = tf.tensor4d(net.prepare(image), [1, 8, 8, 3]);
      const { layer2, pooled } = model.forwardIntermediates(x, ['layer2', 'pooled']);
      expectClose(embeddings[index]!, pooled.dataSync(), 1e-5);
      expectClose(features[index]!.pooled.data, pooled.dataSync(), 1e-5);
      expectClose(features[index]!.layer2.data, layer2.dataSync(), 1e-5);
      tf.dispose([x, layer2, pooled]);
    }
    const unknown = net.features(first!, { layers: ['layer4'] });
    await expect(unknown).rejects.toThrow(
      "layers: expected some of stem, layer1, layer2, layer3, pooled, logits, got 'layer4'",
    );
    await expect(net.features(first!, { layers: [] })).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await net.dispose();
  }
  model.dispose();
});

test('of many pictures no more than a batch are in memory', async () => {
  const net = await createClassifier({
    model: spec,
    weights: await weights(),
    preset: { ...cifar, cropPx: 224 },
    batchSize: 2,
  });
  let prepared = 0;
  let most = 0;
  net.prepare = () => {
    most = Math.max(most, ++prepared);
    return new Float32Array(224 * 224 * 3);
  };
  const forward = net.forwardIntermediates.bind(net);
  net.forwardIntermediates = (inputs, ...rest) => {
    prepared -= inputs.length;
    return forward(inputs.slice(0, 0), ...rest);
  };
  await net.embed(Array.from({ length: 100 }, (_, index) => picture(index)));
  expect(most).toBe(8);
  await net.dispose();
});

test('labels that are known type the answers', async () => {
  const labels = ['yes', 'no', 'perhaps'] as const;
  const net = await createClassifier({ model: spec, weights: await weights(3), preset, labels });
  const [best] = await net.classify(picture(1), { topK: 1 });
  const label: 'yes' | 'no' | 'perhaps' = best!.label;
  expect(labels).toContain(label);
  await net.dispose();
});
