import type { Preset } from '@residual/vision';
import { hubUrl, sizeMiB } from './hub-file.ts';
import { imagenetPreset } from './model-facts.ts';
import type { PublishedWeights, TimmModel, WeightsName } from './published-weights.ts';
import { timmMetrics } from './timm-metrics.ts';
import { timmTable } from './timm-table.ts';

const releases = 'https://github.com/rwightman/pytorch-image-models/releases/download/';

/**
 * All that timm publishes of residual networks, each with the preprocessing of its test size.
 *
 * @see https://github.com/huggingface/pytorch-image-models/tree/main/timm/models (`default_cfgs`)
 */
export function timmWeights(): PublishedWeights[] {
  const metrics = timmMetrics();
  const rows = Object.entries(timmTable) as [TimmModel, readonly (number | string)[]][];
  return rows.flatMap(([model, [parameters, ...lines]]) =>
    lines.map((line) => {
      const weights = readLine(model, parameters as number, line as string);
      return { ...weights, metrics: metrics.get(weights.id) ?? [] };
    }),
  );
}

/** A line of the table. */
function readLine(model: TimmModel, usual: number, line: string): Omit<PublishedWeights, 'metrics'> {
  const [tag, sizes, ...words] = line.split(' ') as [WeightsName, string, ...string[]];
  const [resizePx, cropPx] = sizes.split('/').map(Number) as [number, number];
  const take = (pattern: RegExp): string | undefined => {
    const at = words.findIndex((word) => pattern.test(word));
    return at < 0 ? undefined : words.splice(at, 1)[0];
  };
  const interpolation = take(/^bilinear$/) ? 'bilinear' : 'bicubic';
  const isHalf = take(/^half$/) !== undefined;
  const [classes, parameters] = (take(/:/) ?? `1000:${usual}`).split(':').map(Number) as [number, number];
  const file = take(/\//);
  const repo = `timm/${model}.${tag}`;
  const sha256Prefix = file && /-([0-9a-f]{8,})\.pth$/.exec(file)?.[1];
  const numClasses = classes || null;
  const preset = imagenetPreset(resizePx, cropPx, interpolation);
  const half: Pick<Preset, 'mean' | 'std'> = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  return {
    id: `${model}/${tag}`,
    model,
    name: tag,
    publisher: 'timm',
    urls: [file === undefined ? hubUrl(repo) : releases + file],
    ...(file === undefined && { repo }),
    ...(sha256Prefix && { sha256Prefix }),
    sizeMiB: sizeMiB(parameters),
    parameters,
    classes: classesOf(numClasses),
    numClasses,
    preset: isHalf ? { ...preset, ...half } : preset,
    licence: words[0] ?? 'apache-2.0',
    recipe: recipeOf(tag, file === undefined ? `https://huggingface.co/${repo}` : releases.replace('/download/', '')),
  };
}

function classesOf(numClasses: number | null): PublishedWeights['classes'] {
  if (numClasses === null) return undefined;
  return numClasses === 1000 ? 'imagenet-1k' : numClasses === 11_821 ? 'imagenet-12k' : 'imagenet-21k';
}

function recipeOf(tag: WeightsName, card: string): string {
  if (tag === 'tv_in1k' || tag === 'tv2_in1k')
    return 'https://github.com/pytorch/vision/tree/main/references/classification';
  // "ResNet strikes back" calls its recipes so.
  return /^a[123]h?_in1k$/.test(tag) ? 'https://arxiv.org/abs/2110.00476' : card;
}
