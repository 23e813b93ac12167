import { hubUrl, sizeMiB } from './hub-file.ts';
import { imagenetPreset, parametersOf } from './model-facts.ts';
import type { PublishedWeights } from './published-weights.ts';

/**
 * Hugging Face's `microsoft/resnet-*`, which were converted from timm's. Their `preprocessor_config.json`, read when they
 * are loaded, has the last word on the preset.
 *
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/resnet/convert_resnet_to_pytorch.py
 */
export function microsoftWeights(): PublishedWeights[] {
  return ([18, 26, 34, 50, 101, 152] as const).map((depth) => {
    const model = `resnet${depth}` as const;
    const repo = `microsoft/resnet-${depth}`;
    const parameters = parametersOf(model);
    return {
      id: `${model}/microsoft`,
      model,
      name: 'microsoft',
      publisher: 'microsoft',
      urls: [hubUrl(repo)],
      repo,
      sizeMiB: sizeMiB(parameters),
      parameters,
      classes: 'imagenet-1k',
      numClasses: 1000,
      preset: imagenetPreset(256, 224, 'bicubic', 'center-floor'),
      metrics: [],
      licence: 'apache-2.0',
      recipe: 'https://arxiv.org/abs/2110.00476',
    };
  });
}
