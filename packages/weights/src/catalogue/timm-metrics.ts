import type { PublishedMetric, TimmModel, WeightsName } from './published-weights.ts';

type Row = readonly [model: TimmModel, ...metrics: PublishedMetric[]];

/**
 * What timm measured: of its copies of torchvision's weights (`tv`, `tv2`) and of its own of the paper "ResNet strikes back"
 * (`a1`, `a1h`); of the others nothing is stated here.
 *
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/results/results-imagenet.csv
 */
export function timmMetrics(): ReadonlyMap<string, readonly PublishedMetric[]> {
  return new Map([
    ...of('tv_in1k', [
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
    ...of('tv2_in1k', [
      ['resnet50', metric(224, 80.846)],
      ['resnet101', metric(224, 81.89, 95.768)],
      ['resnet152', metric(224, 82.288, 96.004)],
      ['resnext50_32x4d', metric(224, 81.182, 95.34)],
      ['resnext101_32x8d', metric(224, 82.832, 96.232)],
      ['wide_resnet50_2', metric(224, 81.606, 95.762)],
      ['wide_resnet101_2', metric(224, 82.498, 96.018)],
    ]),
    ...of('a1_in1k', [
      ['resnet18', metric(288, 73.164), metric(224, 71.504)],
      ['resnet34', metric(288, 77.93), metric(224, 76.42)],
      ['resnet50', metric(288, 81.24), metric(224, 80.382)],
      ['resnet101', metric(288, 82.322, 95.632)],
      ['resnet152', metric(288, 82.732, 95.72)],
      ['resnext50_32x4d', metric(288, 81.466, 95.174)],
    ]),
    ...of('a1h_in1k', [
      ['resnet50', metric(224, 80.676, 95.306)],
      ['resnet101', metric(288, 82.796), metric(224, 81.95)],
      ['resnet152', metric(288, 83.494), metric(224, 82.818)],
      ['resnext50_32x4d', metric(288, 82.014, 95.934)],
    ]),
  ]);
}

function of(name: WeightsName, rows: readonly Row[]): [id: string, PublishedMetric[]][] {
  return rows.map(([model, ...metrics]) => [`${model}/${name}`, metrics]);
}

function metric(sizePx: number, top1Percent: number, top5Percent?: number): PublishedMetric {
  return { dataset: 'imagenet-1k', sizePx, top1Percent, ...(top5Percent !== undefined && { top5Percent }) };
}
