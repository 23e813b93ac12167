import { hubWeights, metric, timmRepo } from './hub-weights.ts';
import { imagenetPreset } from './model-facts.ts';
import type { PublishedMetric, PublishedModel, PublishedWeights, WeightsName } from './published-weights.ts';

type Row = readonly [model: PublishedModel, ...metrics: PublishedMetric[]];

/**
 * timm's copies of torchvision's weights (`tv`, `tv2`) and its own of the paper "ResNet strikes back" (`a1`, `a1h`), each
 * with the preprocessing of its test size.
 *
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/resnet.py (`default_cfgs`)
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/results/results-imagenet.csv
 */
export function timmWeights(): PublishedWeights[] {
  return [
    ...weights('tv_in1k', [
      ['resnet18', metric(224, 69.76, 89.07)],
      // In no table of timm's: torchvision's figure for the same weights, prepared alike.
      ['resnet34', metric(224, 73.314, 91.42)],
      ['resnet50', metric(224, 76.156)],
      ['resnet101', metric(224, 77.376, 93.542)],
      ['resnet152', metric(224, 78.322, 94.048)],
      ['resnext50_32x4d', metric(224, 77.618, 93.696)],
      ['resnext101_32x8d', metric(224, 79.31, 94.52)],
      // Resized to 256 here, to 232 by torchvision.
      ['resnext101_64x4d', metric(224, 82.978)],
      ['wide_resnet50_2', metric(224, 78.48, 94.086)],
      ['wide_resnet101_2', metric(224, 78.838, 94.282)],
    ]),
    ...weights('tv2_in1k', [
      ['resnet50', metric(224, 80.846)],
      ['resnet101', metric(224, 81.89, 95.768)],
      ['resnet152', metric(224, 82.288, 96.004)],
      ['resnext50_32x4d', metric(224, 81.182, 95.34)],
      ['resnext101_32x8d', metric(224, 82.832, 96.232)],
      ['wide_resnet50_2', metric(224, 81.606, 95.762)],
      ['wide_resnet101_2', metric(224, 82.498, 96.018)],
    ]),
    ...weights('a1_in1k', [
      ['resnet18', metric(288, 73.164), metric(224, 71.504)],
      ['resnet34', metric(288, 77.93), metric(224, 76.42)],
      ['resnet50', metric(288, 81.24), metric(224, 80.382)],
      ['resnet101', metric(288, 82.322, 95.632)],
      ['resnet152', metric(288, 82.732, 95.72)],
      ['resnext50_32x4d', metric(288, 81.466, 95.174)],
    ]),
    ...weights('a1h_in1k', [
      ['resnet50', metric(224, 80.676, 95.306)],
      ['resnet101', metric(288, 82.796), metric(224, 81.95)],
      ['resnet152', metric(288, 83.494), metric(224, 82.818)],
      ['resnext50_32x4d', metric(288, 82.014, 95.934)],
    ]),
  ];
}

function weights(name: WeightsName, rows: readonly Row[]): PublishedWeights[] {
  const isTorchvision = name === 'tv_in1k' || name === 'tv2_in1k';
  return rows.map(([model, ...metrics]) =>
    hubWeights({
      model,
      name,
      publisher: 'timm',
      repo: timmRepo(model, name),
      preset: presetOf(model, name),
      metrics,
      licence: isTorchvision ? 'bsd-3-clause' : 'apache-2.0',
      recipe: isTorchvision
        ? 'https://github.com/pytorch/vision/tree/main/references/classification'
        : 'https://arxiv.org/abs/2110.00476',
    }),
  );
}

function presetOf(model: PublishedModel, name: WeightsName): PublishedWeights['preset'] {
  if (name === 'tv_in1k') return imagenetPreset(256, 224, 'bilinear');
  if (name === 'tv2_in1k') return imagenetPreset(232, 224, 'bilinear');
  // The one of them that was trained at 176 pixels, and is tested at 224 without a margin.
  if (model === 'resnet50' && name === 'a1h_in1k') return imagenetPreset(224, 224, 'bicubic');
  return imagenetPreset(288, 288, 'bicubic');
}
