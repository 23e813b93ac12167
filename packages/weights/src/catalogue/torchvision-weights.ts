import { imagenetPreset, parametersOf } from './model-facts.ts';
import type { PublishedWeights, TimmModel } from './published-weights.ts';

type Row = readonly [
  model: TimmModel,
  version: 'V1' | 'V2',
  sha256Prefix: string,
  top1Percent: number,
  top5Percent: number,
  gigaMultiplyAdds: number,
  sizeMiB: number,
  recipe: string,
];

/**
 * Weights of torchvision's ResNet, ResNeXt and Wide ResNet enumerations.
 *
 * @see https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py
 */
export function torchvisionWeights(): PublishedWeights[] {
  const classification = 'tree/main/references/classification';
  const v1 = `${classification}#resnet`;
  const x1 = `${classification}#resnext`;
  const wide = 'pull/912#issue-445437439';
  const v2 = 'issues/3995#new-recipe';
  const fixRes = 'issues/3995#new-recipe-with-fixres';
  const rows: readonly Row[] = [
    ['resnet18', 'V1', 'f37072fd', 69.758, 89.078, 1.814, 44.661, v1],
    ['resnet34', 'V1', 'b627a593', 73.314, 91.42, 3.664, 83.275, v1],
    ['resnet50', 'V1', '0676ba61', 76.13, 92.862, 4.089, 97.781, v1],
    ['resnet50', 'V2', '11ad3fa6', 80.858, 95.434, 4.089, 97.79, 'issues/3995#issuecomment-1013906621'],
    ['resnet101', 'V1', '63fe2227', 77.374, 93.546, 7.801, 170.511, v1],
    ['resnet101', 'V2', 'cd907fc2', 81.886, 95.78, 7.801, 170.53, v2],
    ['resnet152', 'V1', '394f9c45', 78.312, 94.046, 11.514, 230.434, v1],
    ['resnet152', 'V2', 'f82ba261', 82.284, 96.002, 11.514, 230.474, v2],
    ['resnext50_32x4d', 'V1', '7cdf4587', 77.618, 93.698, 4.23, 95.789, x1],
    ['resnext50_32x4d', 'V2', '1a0047aa', 81.198, 95.34, 4.23, 95.833, v2],
    ['resnext101_32x8d', 'V1', '8ba56ff5', 79.312, 94.526, 16.414, 339.586, x1],
    ['resnext101_32x8d', 'V2', '110c445d', 82.834, 96.228, 16.414, 339.673, fixRes],
    ['resnext101_64x4d', 'V1', '173b62eb', 83.246, 96.454, 15.46, 319.318, 'pull/5935'],
    ['wide_resnet50_2', 'V1', '95faca4d', 78.468, 94.086, 11.398, 131.82, wide],
    ['wide_resnet50_2', 'V2', '9ba9bcbe', 81.602, 95.758, 11.398, 263.124, fixRes],
    ['wide_resnet101_2', 'V1', '32ee1156', 78.848, 94.284, 22.753, 242.896, wide],
    ['wide_resnet101_2', 'V2', 'd733dc28', 82.51, 96.02, 22.753, 484.747, v2],
  ];
  return rows.map(toWeights);
}

function toWeights(row: Row): PublishedWeights {
  const [model, version, sha256Prefix, top1Percent, top5Percent, gigaMultiplyAdds, sizeMiB, recipe] = row;
  const name = `IMAGENET1K_${version}` as const;
  // The one variant whose first weights came with the second recipe.
  const resizePx = version === 'V2' || model === 'resnext101_64x4d' ? 232 : 256;
  return {
    id: `${model}/${name}`,
    model,
    name,
    publisher: 'torchvision',
    urls: [`https://download.pytorch.org/models/${model}-${sha256Prefix}.pth`],
    sizeMiB,
    sha256Prefix,
    parameters: parametersOf(model),
    gigaMultiplyAdds,
    classes: 'imagenet-1k',
    numClasses: 1000,
    preset: imagenetPreset(resizePx, 224, 'bilinear'),
    metrics: [{ dataset: 'imagenet-1k', sizePx: 224, top1Percent, top5Percent }],
    licence: 'bsd-3-clause',
    recipe: `https://github.com/pytorch/vision/${recipe}`,
  };
}
