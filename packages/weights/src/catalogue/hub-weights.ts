import type { Preset } from '@residual/vision';
import type { PublishedMetric, PublishedModel, PublishedWeights, WeightsName } from './published-weights.ts';

type HubRow = Pick<PublishedWeights, 'model' | 'name' | 'publisher' | 'preset' | 'metrics' | 'licence' | 'recipe'> & {
  readonly repo: string;
};

/** Weights in a repository of the Hugging Face hub, in `model.safetensors`. */
export function hubWeights(row: HubRow): PublishedWeights {
  const parameters = parametersOf(row.model);
  return {
    ...row,
    id: `${row.model}/${row.name}`,
    urls: [`https://huggingface.co/${row.repo}/resolve/main/model.safetensors`],
    sizeMiB: Math.round((parameters * 4 * 10) / 2 ** 20) / 10,
    parameters,
    classes: 'imagenet-1k',
    numClasses: 1000,
  };
}

/** A preset with ImageNet's mean and deviation. */
export function imagenetPreset(
  resizePx: number,
  cropPx: number,
  interpolation: Preset['interpolation'],
  cropMode?: Preset['cropMode'],
): Preset {
  return {
    resizePx,
    cropPx,
    interpolation,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    ...(cropMode && { cropMode }),
  };
}

/** One figure of a table of results. */
export function metric(sizePx: number, top1Percent: number, top5Percent?: number): PublishedMetric {
  return { dataset: 'imagenet-1k', sizePx, top1Percent, ...(top5Percent !== undefined && { top5Percent }) };
}

/** Name of the repository that timm publishes weights in. */
export function timmRepo(model: PublishedModel, name: WeightsName): string {
  return `timm/${model}.${name}`;
}

function parametersOf(model: PublishedModel): number {
  const counts: Record<PublishedModel, number> = {
    resnet18: 11_689_512,
    resnet26: 15_995_176,
    resnet34: 21_797_672,
    resnet50: 25_557_032,
    resnet101: 44_549_160,
    resnet152: 60_192_808,
    resnext50_32x4d: 25_028_904,
    resnext101_32x8d: 88_791_336,
    resnext101_64x4d: 83_455_272,
    wide_resnet50_2: 68_883_240,
    wide_resnet101_2: 126_886_696,
  };
  return counts[model];
}
