import { shapesOnly, torchShape } from '@residual/blocks';
import { describe, expect, test } from 'vitest';
import { averageAndMaxPool } from './average-and-max-pool.ts';
import { describeHead, type TorchShapes } from './describe-head.ts';
import { fitModel } from './fit-model.ts';
import { linearHead, linearHeadWithoutBias } from './head.ts';
import { findLookAlike, recognizeModel } from './recognize-model.ts';
import { getSpec } from './registry.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

type Shapes = Map<string, { shape: readonly number[] }>;

/** The tensors of a network's file, of which only names and shapes are asked. */
function tensorsOf(spec: ResNetSpec, options: ResNetOptions = {}): Shapes {
  const { variableSpecs } = new ResNet(spec, { ...options, vars: shapesOnly });
  return new Map([...variableSpecs].map(([name, { layout, shape }]) => [name, { shape: torchShape(layout, shape) }]));
}

const shapes = (entries: Record<string, number[]>): TorchShapes =>
  new Map(Object.entries(entries).map(([name, shape]) => [name, { shape }]));

describe('a head', () => {
  test('is linear, with or without a bias, or a convolution', () => {
    expect(describeHead(shapes({ 'fc.weight': [5, 64], 'fc.bias': [5] }), 'fc', 64)).toEqual({
      head: linearHead,
      numClasses: 5,
      notes: [],
    });
    expect(describeHead(shapes({ 'fc.weight': [5, 64] }), 'fc', 64)?.head).toBe(linearHeadWithoutBias);
    const convolution = describeHead(shapes({ 'head.fc.weight': [5, 64, 1, 1] }), 'head.fc', 64)!;
    const model = new ResNet(getSpec('resnet18'), { vars: shapesOnly, head: convolution.head, numClasses: 5 });
    expect(model.variableSpecs.get('fc.weight')!.shape).toEqual([1, 1, 512, 5]);
    expect(model.variableSpecs.has('fc.bias')).toBe(false);
  });

  test('that takes twice the features has maxima and means before it', () => {
    const found = describeHead(shapes({ 'fc.weight': [5, 128] }), 'fc', 64)!;
    expect(found.pool).toBe(averageAndMaxPool);
    expect(found.notes).toEqual(['fc takes twice the features: maxima and means are pooled, as fastai does']);
    expect(describeHead(shapes({ 'fc.weight': [5, 32] }), 'fc', 64)).not.toHaveProperty('pool');
  });

  test('is none where there are no tensors, or none that make one', () => {
    expect(describeHead(shapes({ 'conv1.weight': [64, 3, 7, 7] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fc.weight': [] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fc.weight': [5] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fc.0.weight': [5, 64, 1, 1] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fc.0.weight': [64] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fc.first.weight': [5, 64] }), 'fc', 64)).toBeUndefined();
    expect(describeHead(shapes({ 'fcx0.weight': [5, 64], 'fc.12345.weight': [5, 64] }), 'fc', 64)).toBeUndefined();
    const onlyNorm = { 'fc.0.weight': [64], 'fc.0.running_mean': [64] };
    expect(describeHead(shapes(onlyNorm), 'fc', 64)).toBeUndefined();
  });

  test('of several layers has one activation between two linear ones, which is said', () => {
    const tensors = shapes({
      'fc.10.bias': [3],
      'fc.10.weight': [3, 32],
      'fc.1.weight': [128],
      'fc.1.bias': [128],
      'fc.1.running_mean': [128],
      'fc.1.running_var': [128],
      'fc.3.weight': [32, 128],
      'fc.3.bias': [32],
      'fc.5.weight': [32],
      'fc.5.bias': [32],
      'fc.5.running_mean': [32],
      'fc.5.running_var': [32],
    });
    const found = describeHead(tensors, 'fc', 64)!;
    expect([found.numClasses, found.pool, found.notes]).toEqual([
      3,
      averageAndMaxPool,
      [
        'fc takes twice the features: maxima and means are pooled, as fastai does',
        'a ReLU is assumed for fc.4, which has no tensors',
      ],
    ]);
    const spec = { ...getSpec('resnet20'), head: found.head, pool: found.pool!, numClasses: 3 };
    const head = [...tensorsOf(spec)].filter(([name]) => name.startsWith('fc.'));
    expect(new Map(head)).toEqual(tensors);
  });

  test('of linear layers one right after the other has no activation', () => {
    const tensors = shapes({ 'fc.0.weight': [8, 64], 'fc.1.weight': [2, 8], 'fc.1.bias': [2] });
    expect(describeHead(tensors, 'fc', 64)).toMatchObject({ numClasses: 2, notes: [] });
  });
});

describe('a variant', () => {
  const resnet18 = getSpec('resnet18');

  test('fits its own tensors, whatever the head, the channels and the biases', () => {
    const own = { numClasses: 7, inChannels: 4, convBias: new Set(['conv1', 'layer1.0.conv2']) };
    const { spec, report, differences, notes } = fitModel(tensorsOf(resnet18, own), resnet18);
    expect(spec).toEqual({ ...resnet18, ...own, head: linearHead });
    expect([report, differences, notes]).toEqual([{ missing: [], unexpected: [], mismatched: [] }, 0, []]);
  });

  test('has nothing of its own said twice', () => {
    expect(fitModel(tensorsOf(resnet18), resnet18).spec).toEqual({ ...resnet18, numClasses: 1000, head: linearHead });
    const headless = fitModel(tensorsOf(resnet18, { numClasses: null }), resnet18);
    expect(headless.spec).toEqual({ ...resnet18, numClasses: null });
  });

  test('counts what is missing, left over and of another shape', () => {
    const tensors = tensorsOf(resnet18);
    tensors.delete('layer1.0.conv1.weight');
    tensors.set('extra.weight', { shape: [1] });
    tensors.set('layer2.0.bn1.weight', { shape: [5] });
    const { report, differences } = fitModel(tensors, resnet18);
    expect(report).toEqual({
      missing: ['layer1.0.conv1.weight'],
      unexpected: ['extra.weight'],
      mismatched: [{ name: 'layer2.0.bn1.weight', expected: [128], got: [5] }],
    });
    expect(differences).toBe(3);
  });

  test.each([[[64, 0, 7, 7]], [[64, 3, 7]], [[32, 4, 7, 7]], [[64, 4, 3, 3]]])(
    'keeps its channels where the first convolution is %j',
    (shape) => {
      const tensors = tensorsOf(resnet18).set('conv1.weight', { shape });
      const { spec, report } = fitModel(tensors, resnet18);
      expect(spec.inChannels).toBeUndefined();
      expect(report.mismatched).toEqual([{ name: 'conv1.weight', expected: [64, 3, 7, 7], got: shape }]);
    },
  );

  test('without a first convolution misses it', () => {
    const tensors = tensorsOf(resnet18);
    tensors.delete('conv1.weight');
    expect(fitModel(tensors, resnet18).report.missing).toEqual(['conv1.weight']);
  });
});

describe('tensors are recognised', () => {
  const namesOf = (tensors: TorchShapes): [string, number][] =>
    recognizeModel(tensors)
      .slice(0, 2)
      .map(({ spec, differences }) => [spec.name, differences]);

  test('as the variant that they are, one with a stem or a block of its own too', () => {
    for (const name of ['resnet50', 'resnetv2_50', 'cifar_preact_resnet18'])
      expect(namesOf(tensorsOf(getSpec(name)))[0], name).toEqual([name, 0]);
  });

  test('as the residual net, where the plain one’s are the same', () => {
    expect(namesOf(tensorsOf(getSpec('plain20')))).toEqual([
      ['resnet20', 0],
      ['plain20', 0],
    ]);
  });

  test('as a CIFAR net of a depth that no table has', () => {
    expect(namesOf(tensorsOf(getSpec('resnet14')))).toEqual([
      ['resnet14', 0],
      ['plain14', 0],
    ]);
    expect(namesOf(tensorsOf(getSpec('resnet14_b')))[0]).toEqual(['resnet14_b', 0]);
  });

  test('as the nearest, where they are none', () => {
    const tensors = tensorsOf(getSpec('resnet34'));
    tensors.delete('layer3.5.conv2.weight');
    expect(namesOf(tensors)[0]).toEqual(['resnet34', 1]);
    const found = recognizeModel(tensorsOf({ ...getSpec('resnet34'), depths: [3, 4, 7, 3] }));
    expect(found).toHaveLength(16);
    expect(found[0]!.spec.name).toBe('resnet34');
    // Two convolutions and two norms of four tensors.
    expect(found[0]!.differences).toBe(10);
    expect(found.map(({ differences }) => differences)).toEqual(
      found.map(({ differences }) => differences).sort((a, b) => a - b),
    );
  });

  test('as no variant that is taken by its name alone', () => {
    const found = recognizeModel(tensorsOf(getSpec('resnetblur50')));
    expect(found[0]!.spec.name).toBe('resnet50');
    expect(found.every(({ spec }) => spec.onlyByName !== true)).toBe(true);
  });
});

test.each([
  ['resnetblur50-84f4748f.pth', 'resnetblur50'],
  ['timm/ResNetAA50d.safetensors', 'resnetaa50d'],
  ['seresnextaa101d_32x8d.pth', 'seresnextaa101d_32x8d'],
  ['resnetblur101d', 'resnetblur101d'],
  ['myresnetblur50.pth', undefined],
  ['resnet50.pth', undefined],
])('%s says the architecture %s', (text, name) => {
  expect(findLookAlike(text)).toBe(name);
});
