import { type JsonObject, textOf } from './json-file.ts';
import { describeLabels, labelsByName, labelsOf } from './labels.ts';
import type { StatedArchitecture } from './loaded-weights.ts';
import type { ConfigFacts } from './stated-facts.ts';
import { unsupportedConfig } from './unsupported-config.ts';

/** Whether a `config.json` is of transformers' ResNet. */
export function isHuggingFaceResNet({ model_type: type, architectures }: JsonObject): boolean {
  if (type !== undefined) return type === 'resnet';
  return Array.isArray(architectures) && /^ResNet/.test(textOf(architectures[0]) ?? '');
}

/**
 * Reads the configuration of transformers' ResNet.
 *
 * @throws WeightsFormatError (`unsupported`) for a network that cannot be built here.
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/resnet/configuration_resnet.py
 */
export function readHuggingFaceConfig(name: string, config: JsonObject): ConfigFacts {
  if (config['downsample_in_first_stage'] === true) {
    throw unsupportedConfig(name, 'downsample_in_first_stage', true);
  }
  const model = modelOf(config);
  const activation = textOf(config['hidden_act']);
  const isInFirst = config['downsample_in_bottleneck'] === true && config['layer_type'] !== 'basic';
  const architecture: StatedArchitecture = {
    ...(isInFirst && { strideIn: '1x1' }),
    ...(activation !== undefined && activation !== 'relu' && { activation }),
  };
  const names = labelsOf(config['id2label']) ?? labelsByName(config['label2id']);
  const { labels, said } = describeLabels(names, undefined);
  const changes = Object.entries(architecture).map(([key, value]) => `${key} ${value}`);
  return {
    model,
    architecture,
    labels,
    preprocessing: undefined,
    said: [model ?? 'a ResNet of transformers', ...said, ...changes],
  };
}

/** The variant by its blocks; `undefined` for others and where the configuration leaves them out. */
function modelOf(config: JsonObject): string | undefined {
  const { layer_type: layer = 'bottleneck', depths, hidden_sizes: sizes, embedding_size: width = 64 } = config;
  const variants: [name: string, layer: string, depths: number[]][] = [
    ['resnet18', 'basic', [2, 2, 2, 2]],
    ['resnet34', 'basic', [3, 4, 6, 3]],
    ['resnet26', 'bottleneck', [2, 2, 2, 2]],
    ['resnet50', 'bottleneck', [3, 4, 6, 3]],
    ['resnet101', 'bottleneck', [3, 4, 23, 3]],
    ['resnet152', 'bottleneck', [3, 8, 36, 3]],
  ];
  const expansion = layer === 'basic' ? 1 : 4;
  const planes = [64, 128, 256, 512].map((size) => size * expansion);
  if (width !== 64 || !isList(sizes, planes)) return undefined;
  return variants.find(([, blocks, counts]) => blocks === layer && isList(depths, counts))?.[0];
}

function isList(value: unknown, expected: readonly number[]): boolean {
  return Array.isArray(value) && value.length === expected.length && expected.every((item, i) => item === value[i]);
}
