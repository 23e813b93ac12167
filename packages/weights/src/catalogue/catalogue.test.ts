import {
  chenyaofoCifar10,
  chenyaofoCifar100,
  clip,
  huggingFace,
  imagenet1kV1,
  imagenet1kV2,
  kerasCaffe,
  kerasTf,
  type Preset,
  timm224,
  timm288,
} from '@residual/vision';
import { expect, test } from 'vitest';
import { DEFAULT, getWeights, isPermissive, listWeights, type PublishedWeights, UnknownWeightsError } from './index.ts';
import { timmWeights } from './timm-weights.ts';

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
  for (const { id, publisher, parameters, sizeMiB } of listWeights()) {
    if (publisher === 'openai') continue; // its text tower is in the file too
    const expected = ['wide_resnet50_2/IMAGENET1K_V1', 'wide_resnet101_2/IMAGENET1K_V1'].includes(id) ? 2 : 4;
    const expectedMiB = (parameters * expected) / 2 ** 20;
    expect(sizeMiB, id).toBeGreaterThan(expectedMiB * 0.998 - 0.05);
    expect(sizeMiB, id).toBeLessThan(expectedMiB * 1.012 + 0.05);
  }
});

test('pictures are prepared as the publisher’s evaluation does', () => {
  const timm: Record<string, Preset> = {
    tv_in1k: imagenet1kV1,
    tv2_in1k: imagenet1kV2,
    a1_in1k: timm288,
    a2_in1k: timm288,
    a3_in1k: timm224,
    gluon_in1k: { ...imagenet1kV1, resizePx: 256, interpolation: 'bicubic' },
  };
  for (const { id, model, name, publisher, preset } of listWeights()) {
    if (publisher === 'torchvision') {
      const isFirst = name === 'IMAGENET1K_V1' && model !== 'resnext101_64x4d';
      expect(preset, id).toEqual(isFirst ? imagenet1kV1 : imagenet1kV2);
    } else if (publisher === 'microsoft') expect(preset, id).toEqual(huggingFace);
    else if (timm[name] && !model.startsWith('resnest')) expect(preset, id).toEqual(timm[name]);
    expect(preset.resizePx, id).toBeGreaterThanOrEqual(preset.cropPx);
  }
});

test('figures are of the preset’s size first, and better than chance', () => {
  const measured = listWeights().filter(({ metrics }) => metrics.length > 0);
  expect(measured).toHaveLength(44);
  for (const { id, preset, metrics } of measured) {
    expect(metrics[0]!.sizePx, id).toBe(preset.cropPx);
    for (const { top1Percent, top5Percent = 100 } of metrics) {
      expect(top1Percent, id).toBeGreaterThan(69);
      expect(top5Percent, id).toBeGreaterThan(top1Percent);
    }
  }
});

test('ids are unique, licences those that publishers state, repositories those of the hub', () => {
  const all = listWeights();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const { id, licence, repo, urls, recipe } of all) {
    expect(['apache-2.0', 'bsd-3-clause', 'mit', 'cc-by-nc-4.0', 'unknown'], id).toContain(licence);
    expect(isPermissive(licence), id).toBe(['apache-2.0', 'bsd-3-clause', 'mit'].includes(licence));
    expect(URL.canParse(recipe), id).toBe(true);
    if (repo !== undefined) expect(urls).toEqual([`https://huggingface.co/${repo}/resolve/main/model.safetensors`]);
  }
  expect(publishedBy('microsoft').map(({ repo }) => repo)).toEqual(
    [18, 26, 34, 50, 101, 152].map((depth) => `microsoft/resnet-${depth}`),
  );
  expect(['cc-by-nc-4.0', 'other', 'openrail', 'unknown'].map(isPermissive)).toEqual([false, false, false, false]);
});

test('what is as usual and what is not are read from a line of timm’s table', () => {
  expect(timmWeights()).toHaveLength(203);
  const of = (id: string) => timmWeights().find((weights) => weights.id === id)!;
  expect(of('resnetv2_50x1_bit/goog_in21k')).toMatchObject({
    repo: 'timm/resnetv2_50x1_bit.goog_in21k',
    numClasses: 21_843,
    classes: 'imagenet-21k',
    parameters: 68_256_659,
    preset: { resizePx: 256, cropPx: 224, interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    licence: 'apache-2.0',
  });
  expect(of('resnetaa50d/d_in12k')).toMatchObject({ numClasses: 11_821, classes: 'imagenet-12k' });
  expect(of('resnet50/bamboo')).toMatchObject({ numClasses: null, classes: undefined, licence: 'unknown' });
  expect(of('resnet50/fb_ssl_yfcc100m_ft_in1k').licence).toBe('cc-by-nc-4.0');
  const senet = of('legacy_senet154/in1k');
  const releases = 'https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights';
  expect([senet.repo, senet.sha256Prefix, senet.urls]).toEqual([
    undefined,
    'e9eb9fe6',
    [`${releases}/legacy_senet154-e9eb9fe6.pth`],
  ]);
});

test('Keras’s, OpenAI’s and chenyaofo’s are had by name, with their preprocessing', () => {
  expect(getWeights('keras_resnet50').preset).toEqual(kerasCaffe);
  expect(getWeights('keras_resnet152v2', 'imagenet').preset).toEqual(kerasTf);
  expect(getWeights('clip_resnet50').preset).toEqual(clip);
  expect(getWeights('resnet20_b').preset).toEqual(chenyaofoCifar10);
  const cifar100 = getWeights('resnet56_b', 'chenyaofo_cifar100');
  expect(cifar100.preset).toEqual(chenyaofoCifar100);
  expect(cifar100.urls[0]).toContain(`cifar100_resnet56-${cifar100.sha256Prefix}.pt`);
  for (const { sha256Prefix, urls } of publishedBy('openai')) expect(urls[0]).toContain(`/${sha256Prefix}/`);
});

test('a model’s default has a thousand classes, but of CLIP and CIFAR', () => {
  const models = [...new Set(listWeights().map(({ model }) => model))];
  const others = models.filter((model) => !/^clip_|_b$/.test(model));
  for (const model of others) expect(getWeights(model).numClasses, model).toBe(1000);
  expect(getWeights('resnet50d').name).toBe('ra2_in1k');
});

test('weights are listed by patterns and got by name', () => {
  expect(listWeights('resnet18').map(({ name }) => name)).toEqual([
    'IMAGENET1K_V1',
    'a1_in1k',
    'a2_in1k',
    'a3_in1k',
    'fb_ssl_yfcc100m_ft_in1k',
    'fb_swsl_ig1b_ft_in1k',
    'gluon_in1k',
    'tv_in1k',
    'microsoft',
  ]);
  expect(listWeights('microsoft/*')).toHaveLength(6);
  expect(listWeights('nothing*')).toEqual([]);
  const v2 = getWeights('resnet50', 'IMAGENET1K_V2');
  expect([v2.sha256Prefix, v2.metrics[0]!.top1Percent, v2.preset.resizePx]).toEqual(['11ad3fa6', 80.858, 232]);
  expect([getWeights('resnet50', DEFAULT), getWeights('resnet50', 'imagenet1k_v2')]).toEqual([v2, v2]);
  expect(getWeights('resnet26').repo).toBe('timm/resnet26.bt_in1k');
});

test('what is not listed is answered with what is', () => {
  expect(() => getWeights('resnet18', 'IMAGENET1K_V2')).toThrow(
    "weights 'IMAGENET1K_V2' of resnet18: expected one of DEFAULT, IMAGENET1K_V1, a1_in1k, a2_in1k, a3_in1k, fb_ssl_yfcc100m_ft_in1k, fb_swsl_ig1b_ft_in1k, gluon_in1k, tv_in1k, microsoft; residual models lists all",
  );
  expect(() => getWeights('alexnet')).toThrow(UnknownWeightsError);
});
