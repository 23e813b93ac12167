import '@tensorflow/tfjs-backend-cpu';
import type { HostTensor } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec } from '@residual/resnet';
import { expectClose } from '@residual/testing';
import { cifar } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { adaptWeights } from './adapt-weights.ts';
import { createClassifier } from './create-classifier.ts';

const spec = cifarResNetSpec(8);
const preset = { ...cifar, resizePx: 8, cropPx: 8 };

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function weights() {
  const model = cifarResNet(8);
  const dict = await model.stateDict();
  model.dispose();
  return dict;
}

/** Filters [2, 3, 1, 2]. */
const conv: HostTensor = { shape: [2, 3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) };

test.each([
  [1, [9, 12, 27, 30]],
  [2, [1.5, 3, 4.5, 6, 10.5, 12, 13.5, 15]],
  [4, [0.75, 1.5, 2.25, 3, 3.75, 4.5, 0.75, 1.5, 5.25, 6, 6.75, 7.5, 8.25, 9, 5.25, 6]],
])("timm's adapt_input_conv for %i channels", (inChannels, expected) => {
  const { dict, notes } = adaptWeights(new Map([['conv1.weight', conv]]), { variant: spec, spec }, { inChannels }, 'w');
  expect(dict.get('conv1.weight')).toEqual({ shape: [2, inChannels, 1, 2], data: Float32Array.from(expected) });
  expect(notes).toEqual([`w: the first convolution, of 3 channels, adapted to ${inChannels}`]);
});

test('a network for one channel answers as the RGB one does to grey', async () => {
  const dict = await weights();
  const rgb = await createClassifier({ model: spec, weights: dict, preset });
  const expected = await rgb.forward([new Float32Array(192).fill(0.5)]);
  for (const engines of [[], [tfjs()]]) {
    const grey = await createClassifier({ model: spec, weights: dict, preset, inChannels: 1, engines });
    expect(grey.inChannels).toBe(1);
    expectClose((await grey.forward([new Float32Array(64).fill(0.5)]))[0]!, expected[0]!, 1e-5);
    await grey.warmUp();
    // PIL: Image.new('RGB', (8, 8), (250, 240, 10)).convert('L') is 217 everywhere.
    const data = Uint8Array.from({ length: 192 }, (_, index) => [250, 240, 10][index % 3]!);
    const prepared = grey.prepare({ width: 8, height: 8, channels: 3, data });
    expectClose(prepared, new Float32Array(64).fill((217 / 255 - preset.mean[0]) / preset.std[0]), 1e-6);
    await grey.dispose();
  }
  await rgb.dispose();
});

test("weights of other channels are the model's, unless they are asked to be others again", async () => {
  const model = cifarResNet(8, { inChannels: 4 });
  const dict = await model.stateDict();
  model.dispose();
  const classifier = await createClassifier({ model: spec, weights: dict, preset });
  expect(classifier.inChannels).toBe(4);
  const image = { width: 8, height: 8, channels: 3, data: new Uint8Array(192) } as const;
  await expect(classifier.classify(image)).rejects.toThrow(
    'expected prepared inputs of 4 channels, got a picture of 3',
  );
  expect(await classifier.forward([new Float32Array(256)])).toHaveLength(1);
  await classifier.dispose();
  await expect(createClassifier({ model: spec, weights: dict, inChannels: 3 })).rejects.toThrow(
    'weights: expected conv1.weight of 3 channels to adapt to 3, got 4',
  );
});

test('a new head is random and said to be, the backbone as it was', async () => {
  const dict = await weights();
  const classifier = await createClassifier({ model: spec, weights: dict, source: 'w', preset, numClasses: 3 });
  const image = { width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(200) } as const;
  const old = await createClassifier({ model: spec, weights: dict, preset });
  expect(await classifier.embed(image)).toEqual(await old.embed(image));
  expect(classifier.labels).toEqual(['class 0', 'class 1', 'class 2']);
  expect(classifier.loadReport).toEqual({ missing: ['fc.weight', 'fc.bias'], unexpected: [], mismatched: [] });
  expect(classifier.notes).toEqual(['w: a new head of 3 classes, which has learned nothing yet; train it']);
  const head = classifier.model.variables.get('fc.weight')!.dataSync();
  expect(Math.max(...head.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
  expect(new Set(head).size).toBeGreaterThan(100);
  await Promise.all([classifier.dispose(), old.dispose()]);
  for (const numClasses of [0, 1.5]) {
    const made = createClassifier({ model: spec, weights: dict, numClasses });
    await expect(made).rejects.toThrow(`numClasses: expected a whole number from 1, got ${numClasses}`);
  }
});

test('as many classes as the weights have keep their head', async () => {
  const dict = await weights();
  const classifier = await createClassifier({ model: spec, weights: dict, preset, numClasses: 10, inChannels: 3 });
  expect(await classifier.model.stateDict()).toEqual(dict);
  expect(classifier.notes).toEqual([]);
  await classifier.dispose();
});
