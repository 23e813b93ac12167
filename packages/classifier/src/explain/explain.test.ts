import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { fromTorch, torchShape, type VarSource } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { cifarResNet, type MapEndpoint, type ResNet } from '@residual/resnet';
import { createModel } from '@residual/resnet/registry';
import { deterministicPicture, deterministicTensor, expectClose } from '@residual/testing';
import { cifar, type PixelImage, type Preset } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Classifier } from '../classifier.ts';
import { createClassifier } from '../create-classifier.ts';
import { EagerNetwork } from '../eager-network.ts';
import { explainInput } from './explain.ts';
import type { ExplainMethod } from './explanation.ts';
import { overlay } from './overlay.ts';
import { toUnitRange, upsample } from './upsample.ts';

interface Golden {
  readonly model: string;
  readonly size: number;
  readonly layer: MapEndpoint;
  readonly method: ExplainMethod;
  readonly target: number;
  readonly shape: [number, number];
  readonly map: number[];
  readonly 'heatmap row'?: number[];
}

// Made by tooling/golden/grad_cam.py.
const goldens: Golden[] = JSON.parse(readFileSync(new URL('../../golden/grad-cam.json', import.meta.url), 'utf8'));

const deterministicVars: VarSource = (path, { layout, shape, trainable }) => {
  const torch = torchShape(layout, shape);
  const values = fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) });
  return tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable));
};

beforeAll(async () => {
  await tf.setBackend('wasm');
});

/** A classifier of the network and the network itself, for prepared inputs of `size`. */
function parts(model: ResNet, size: number): { classifier: Classifier; network: EagerNetwork } {
  const network = new EagerNetwork({ model, edgePx: size, channels: 3, batchSize: 8, ownsModel: true });
  const classifier = new Classifier<string>({
    blueprint: model,
    network,
    preset: presetOf(size),
    labels: Array.from({ length: model.numClasses! }, (_, index) => `class ${index}`),
    batchSize: 8,
    weights: undefined,
    loadReport: undefined,
    notes: [],
    warnings: [],
    pictureOptions: {},
  });
  return { classifier, network };
}

function presetOf(size: number): Preset {
  return { ...cifar, resizePx: size, cropPx: size };
}

function net(name = 'resnet8'): ResNet {
  return name === 'resnet8'
    ? cifarResNet(8, { vars: deterministicVars })
    : createModel(name, { vars: deterministicVars });
}

function picture(width = 24, height = 18): PixelImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
  return { width, height, channels: 3, data };
}

describe.each([...new Set(goldens.map(({ model }) => model))])("%s gives PyTorch's maps within 1e-4", (name) => {
  const own = goldens.filter(({ model }) => model === name);
  let classifier: Classifier;
  let network: EagerNetwork;
  beforeAll(() => {
    ({ classifier, network } = parts(net(name), own[0]!.size));
    return () => classifier.dispose();
  });

  test.each(own.map((golden) => [`${golden.method} at ${golden.layer}`, golden] as const))('%s', async (_, golden) => {
    const { size, layer, method } = golden;
    const input = deterministicPicture([1, size, size, 3]);
    const before = tf.memory().numTensors;
    const { target, map } = await explainInput(classifier, network, input, { layer, method });
    expect(tf.memory().numTensors).toBe(before);
    expect(target.index).toBe(golden.target);
    expect([map.height, map.width]).toEqual(golden.shape);
    expectClose(map.data, golden.map, 1e-4);
    const row = golden['heatmap row'];
    if (!row) return;
    const heatmap = upsample(toUnitRange(map), size, size);
    const y = Math.floor(size / 3);
    expectClose(heatmap.data.subarray(y * size, (y + 1) * size), row, 1e-4);
  });
});

test('a compiled network explains at the last stage without a model', async () => {
  const model = net();
  const eager = await createClassifier({ model, preset: presetOf(16) });
  const weights = await model.stateDict();
  const compiled = await createClassifier({ model: model.spec, weights, preset: presetOf(16), engines: [tfjs()] });
  const before = tf.memory().numTensors;
  for (const method of ['grad-cam', 'grad-cam++', 'occlusion'] as const) {
    const want = await eager.explain(picture(), { method });
    const got = await compiled.explain(picture(), { method });
    expectClose(got.map.data, want.map.data, 1e-4, method);
    expect(got.target.label).toBe(want.target.label);
  }
  expect(tf.memory().numTensors - before).toBeLessThan(model.variables.size);
  await compiled.dispose();
  model.dispose();
});

test('a class may be named, by its label or its index', async () => {
  const labels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as const;
  const classifier = await createClassifier({ model: net(), preset: presetOf(16), labels });
  const named = await classifier.explain(picture(), { target: 'd' });
  const numbered = await classifier.explain(picture(), { target: 3 });
  expect(named).toEqual(numbered);
  expect(named.target).toEqual((await classifier.classify(picture(), { topK: 10 })).find(({ index }) => index === 3));
  const options = { target: 'z' as 'a' };
  await expect(classifier.explain(picture(), options)).rejects.toThrow(
    'target: expected a class\'s name or its index from 0 to 9, got "z"',
  );
  const words = ['espresso', 'cup', ...labels.slice(2)];
  const other = await createClassifier({ model: net(), preset: presetOf(16), labels: words });
  await expect(other.explain(picture(), { target: 'expresso' })).rejects.toThrow(
    'got "expresso"; did you mean \'espresso\'?',
  );
  await expect(classifier.explain(picture(), { target: 10 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  await expect(classifier.explain(picture(), { layer: 'layer4' })).rejects.toThrow(
    "layer: expected one of stem, layer1, layer2, layer3, got 'layer4'",
  );
  await expect(classifier.explain(picture(), { method: 'occlusion', layer: 'layer1' })).rejects.toThrow('no layer');
  await expect(classifier.explain(picture(), { method: 'occlusion', patchPx: 17 })).rejects.toThrow(
    'patchPx: expected a whole number from 1 to 16, got 17',
  );
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(classifier.explain(picture(), { signal })).rejects.toThrow('enough');
  classifier.model.dispose();
});

test('the overlay is the crop where nothing speaks for the class, and red where all does', () => {
  const crop: PixelImage = { width: 2, height: 1, channels: 3, data: Uint8Array.of(100, 100, 100, 100, 100, 100) };
  const shown = overlay({ crop, heatmap: { width: 2, height: 1, data: Float32Array.of(0, 1) } }, 0.5);
  expect([...shown.data]).toEqual([50, 50, 114, 114, 50, 50]);
});
