import { parametersOf } from './model-facts.ts';
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

/** One figure of a table of results. */
export function metric(sizePx: number, top1Percent: number, top5Percent?: number): PublishedMetric {
  return { dataset: 'imagenet-1k', sizePx, top1Percent, ...(top5Percent !== undefined && { top5Percent }) };
}

/** Name of the repository that timm publishes weights in. */
export function timmRepo(model: PublishedModel, name: WeightsName): string {
  return `timm/${model}.${name}`;
}
