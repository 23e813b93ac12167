import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { shapesOnly, torchShape } from '@residual/blocks';
import { defaultPreset } from '@residual/classifier';
import { summary, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec, listModels } from '@residual/resnet/registry';
import { dataPath, requirement } from '@residual/testing';
import { presetFromTimm, type TimmConfig } from '@residual/vision';
import { readStateDict } from '@residual/weights';
import { listWeights, type PublishedWeights } from '@residual/weights/catalogue';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { fileOfList } from './listed-tensors.ts';

const modelsOf = (all: readonly PublishedWeights[]): string[] => [...new Set(all.map(({ model }) => model))];
const traced = modelsOf(listWeights().filter(({ gigaMultiplyAdds }) => gigaMultiplyAdds !== undefined));

describe('the catalogue counts what the network has', () => {
  test('parameters', () => {
    for (const { id, model, numClasses, parameters } of listWeights()) {
      const { variableSpecs } = new ResNet({ ...getSpec(model), numClasses }, { vars: shapesOnly });
      const sizes = [...variableSpecs.values()].filter(({ trainable }) => trainable).map(({ shape }) => sizeOf(shape));
      expect(
        sizes.reduce((sum, size) => sum + size, 0),
        id,
      ).toBe(parameters);
    }
  });

  // torchvision counts convolutions and matrices, to three decimals.
  test.each(traced)('%s: multiply-adds', async (name) => {
    const spec = getSpec(name);
    const graph = await trace((t) => {
      const vars = (path: string, { shape }: { shape: number[] }) => t.parameter(path, shape);
      return { logits: new ResNet(spec, { vars }).forward(t.input('image', [1, 224, 224, 3]) as Tensor4D) };
    });
    const published = listWeights(name).filter(({ publisher }) => publisher === 'torchvision');
    for (const { id, gigaMultiplyAdds } of published)
      expect(summary(graph).multiplyAdds / 1e9, id).toBeCloseTo(gigaMultiplyAdds!, 2);
    expect(published[0]!.preset).toEqual(defaultPreset(spec));
  });
});

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

test('nothing is offered that cannot be built', () => {
  const known = new Set(listModels());
  expect(modelsOf(listWeights()).filter((model) => !known.has(model))).toEqual([]);
});

interface TimmData {
  readonly architectures: Record<string, { parameters: number; weights: Record<string, TimmWeights> }>;
}

interface TimmWeights extends TimmConfig {
  readonly num_classes: number;
  readonly license?: string;
  readonly url?: string;
  readonly hf_hub_id?: string;
}

describe.skipIf(!requirement('data'))("timm's own configurations", () => {
  test('are what the catalogue has, for all 107 architectures and their 203 weights', () => {
    const { architectures }: TimmData = JSON.parse(readFileSync(dataPath('timm-resnets.json'), 'utf8'));
    const expected = Object.entries(architectures).flatMap(([model, { parameters, weights }]) =>
      Object.entries(weights).map(([tag, config]) => ({ id: `${model}/${tag}`, model, parameters, config })),
    );
    expect(Object.keys(architectures)).toHaveLength(107);
    expect(expected).toHaveLength(203);
    const offered = new Map(
      listWeights()
        .filter(({ publisher }) => publisher === 'timm')
        .map((weights) => [weights.id, weights]),
    );
    expect([...offered.keys()].sort()).toEqual(expected.map(({ id }) => id).sort());
    for (const { id, parameters, config } of expected) {
      const found = offered.get(id)!;
      expect(found.preset, id).toEqual(presetFromTimm(config));
      expect([found.numClasses ?? 0, found.licence], id).toEqual([config.num_classes, config.license ?? 'unknown']);
      if (config.num_classes === 1000) expect(found.parameters, id).toBe(parameters);
      expect(found.repo, id).toBe(config.hf_hub_id);
      if (config.hf_hub_id === undefined) expect(found.urls, id).toEqual([config.url]);
    }
  });
});

// Made by tooling/golden/hub_keys.py with timm 0.9.16 and transformers 4.36.2.
const packed = readFileSync(new URL('../golden/hub-keys.txt.gz', import.meta.url));
const lists = gunzipSync(packed).toString().split('# ').slice(1);

describe('a file with the very tensors of the hub’s has those of the variant, under torchvision’s names', () => {
  test.each(lists.map((list) => [list.split('\n')[0]!, list] as const))('%s', async (repo, list) => {
    const { tensors, scheme, notes } = await readStateDict(fileOfList(list));
    const { model } = listWeights(repo)[0]!;
    expect(notes).toEqual([]);
    expect(scheme).toBe(repo.startsWith('microsoft') ? 'huggingface' : 'torchvision');
    const found = [...tensors].filter(([name]) => !name.endsWith('num_batches_tracked'));
    expect(new Map(found.map(([name, { shape }]) => [name, shape]))).toEqual(torchShapes(model));
    const counters = tensors.size - found.length;
    expect(counters).toBe(found.filter(([name]) => name.endsWith('running_var')).length);
  });

  test('there is one for each model of each publisher', () => {
    const listed = lists.map((list) => listWeights(list.split('\n')[0]!)[0]!);
    const older = listWeights().filter(({ publisher }) => ['torchvision', 'microsoft'].includes(publisher));
    expect(new Set(listed.map(({ model }) => model))).toEqual(new Set(modelsOf(older)));
    expect(listed.filter(({ publisher }) => publisher === 'microsoft')).toHaveLength(6);
  });
});

function torchShapes(model: string): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  new ResNet(getSpec(model), {
    vars: (path, { layout, shape }) => {
      shapes.set(path, torchShape(layout, shape));
      return {} as Tensor;
    },
  });
  return shapes;
}
