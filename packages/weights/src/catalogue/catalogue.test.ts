import { huggingFace, imagenet1kV1, imagenet1kV2, timm288 } from '@residual/vision';
import { expect, test } from 'vitest';
import { DEFAULT, getWeights, isPermissive, listWeights, type PublishedWeights, UnknownWeightsError } from './index.ts';

const publishedBy = (publisher: PublishedWeights['publisher']) =>
  listWeights().filter((weights) => weights.publisher === publisher);

test('torchvision’s seventeen files are called by their hash, and V2 is the default where it exists', () => {
  const all = publishedBy('torchvision');
  expect(all).toHaveLength(17);
  for (const { model, urls, sha256Prefix } of all) {
    expect(sha256Prefix).toMatch(/^[0-9a-f]{8}$/);
    expect(urls).toEqual([`https://download.pytorch.org/models/${model}-${sha256Prefix}.pth`]);
  }
  const defaults = [...new Set(all.map(({ model }) => model))].map((model) => [model, getWeights(model).name]);
  const first = ['resnet18', 'resnet34', 'resnext101_64x4d'];
  expect(defaults).toHaveLength(10);
  for (const [model, name] of defaults)
    expect(name, model).toBe(first.includes(model!) ? 'IMAGENET1K_V1' : 'IMAGENET1K_V2');
});

test('every file is as large as its parameters, in float32 or, of the wide V1, in halves', () => {
  for (const { id, parameters, sizeMiB } of listWeights()) {
    const bytes = (sizeMiB * 2 ** 20) / parameters;
    const expected = ['wide_resnet50_2/IMAGENET1K_V1', 'wide_resnet101_2/IMAGENET1K_V1'].includes(id) ? 2 : 4;
    expect(bytes / expected, id).toBeGreaterThan(0.998);
    expect(bytes / expected, id).toBeLessThan(1.012);
  }
});

test('pictures are prepared as the publisher’s evaluation does', () => {
  for (const { id, model, name, publisher, preset } of listWeights()) {
    if (publisher === 'torchvision') {
      const isFirst = name === 'IMAGENET1K_V1' && model !== 'resnext101_64x4d';
      expect(preset, id).toEqual(isFirst ? imagenet1kV1 : imagenet1kV2);
    } else if (name === 'tv_in1k') expect(preset, id).toEqual(imagenet1kV1);
    else if (name === 'tv2_in1k') expect(preset, id).toEqual(imagenet1kV2);
    else if (id === 'resnet50/a1h_in1k') expect(preset).toEqual({ ...timm288, resizePx: 224, cropPx: 224 });
    else expect(preset, id).toEqual(publisher === 'timm' ? timm288 : huggingFace);
  }
});

test('figures are of the preset’s size first, and better than chance', () => {
  for (const { id, publisher, preset, metrics } of listWeights()) {
    if (publisher === 'microsoft') expect(metrics, id).toEqual([]);
    else expect(metrics[0]!.sizePx, id).toBe(preset.cropPx);
    for (const { top1Percent, top5Percent = 100 } of metrics) {
      expect(top1Percent, id).toBeGreaterThan(69);
      expect(top5Percent, id).toBeGreaterThan(top1Percent);
    }
  }
});

test('ids are unique, licences permissive, repositories those of the hub', () => {
  const all = listWeights();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(publishedBy('timm')).toHaveLength(27);
  for (const { licence, repo, urls, publisher, recipe } of all) {
    expect(isPermissive(licence)).toBe(true);
    expect(URL.canParse(recipe)).toBe(true);
    if (publisher !== 'torchvision') {
      expect(urls).toEqual([`https://huggingface.co/${repo}/resolve/main/model.safetensors`]);
    }
  }
  expect(publishedBy('microsoft').map(({ repo }) => repo)).toEqual(
    [18, 26, 34, 50, 101, 152].map((depth) => `microsoft/resnet-${depth}`),
  );
  expect(['cc-by-nc-4.0', 'other', 'openrail'].map(isPermissive)).toEqual([false, false, false]);
});

test('weights are listed by patterns and got by name', () => {
  expect(listWeights('resnet18').map(({ id }) => id)).toEqual([
    'resnet18/IMAGENET1K_V1',
    'resnet18/tv_in1k',
    'resnet18/a1_in1k',
    'resnet18/microsoft',
  ]);
  expect(listWeights('microsoft/*')).toHaveLength(6);
  expect(listWeights('*/a1h_in1k')).toHaveLength(4);
  expect(listWeights('nothing*')).toEqual([]);
  const v2 = getWeights('resnet50', 'IMAGENET1K_V2');
  expect([v2.sha256Prefix, v2.metrics[0]!.top1Percent, v2.preset.resizePx]).toEqual(['11ad3fa6', 80.858, 232]);
  expect([getWeights('resnet50', DEFAULT), getWeights('resnet50', 'imagenet1k_v2')]).toEqual([v2, v2]);
  expect(getWeights('resnet26').repo).toBe('microsoft/resnet-26');
});

test('what is not listed is answered with what is', () => {
  expect(() => getWeights('resnet18', 'IMAGENET1K_V2')).toThrow(
    "weights 'IMAGENET1K_V2' of resnet18: expected one of DEFAULT, IMAGENET1K_V1, tv_in1k, a1_in1k, microsoft; residual models lists all",
  );
  expect(() => getWeights('alexnet')).toThrow(UnknownWeightsError);
});
