import type { TimmConfig } from '@residual/vision';
import { isObject, type JsonObject, objectOf, textOf } from './json-file.ts';
import { describeLabels, labelsOf } from './labels.ts';
import type { StatedArchitecture } from './loaded-weights.ts';
import type { ConfigFacts } from './stated-facts.ts';
import { unsupportedConfig } from './unsupported-config.ts';

/** Whether a configuration is timm's, or transformers' of a timm model. */
export function isTimmConfig(config: JsonObject): boolean {
  const { architecture, pretrained_cfg: pretrained, num_classes: classes, input_size: size } = config;
  return textOf(architecture) !== undefined && (isObject(pretrained) || classes !== undefined || size !== undefined);
}

/**
 * Reads timm's `config.json`: today's form, with `pretrained_cfg`, and the first one, with all fields side by side.
 *
 * @throws WeightsFormatError (`unsupported`) for `model_args` that change the network in a way that cannot be had here.
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/_hub.py (`_parse_model_cfg`)
 */
export function readTimmConfig(name: string, config: JsonObject): ConfigFacts {
  const pretrained = isObject(config['pretrained_cfg']) ? config['pretrained_cfg'] : config;
  const [model] = textOf(config['architecture'])!.split('.', 1);
  const architecture = architectureOf(name, objectOf(config['model_args']));
  const field = (key: string) => config[key] ?? pretrained[key];
  const names = labelsOf(field('label_names') ?? field('labels') ?? config['id2label']);
  const descriptions = objectOf(field('label_descriptions'));
  const described = names?.map((label) => textOf(descriptions[label]) ?? label);
  const numClasses = field('num_classes');
  const { labels, said } = describeLabels(described, numClasses);
  return {
    model,
    architecture,
    labels,
    preprocessing: Array.isArray(pretrained['input_size']) ? (pretrained as unknown as TimmConfig) : undefined,
    said: [model!, ...said, ...Object.entries(architecture).map(([key, value]) => `${key} ${value}`)],
  };
}

/** Arguments of a model that its tensors show, that change nothing when it is evaluated, or that the head's tensors show. */
const SHOWN: ReadonlySet<string> = new Set([
  ...['num_classes', 'in_chans', 'img_size', 'layers', 'channels', 'stem_width', 'stem_type', 'base_width'],
  ...['cardinality', 'avg_down', 'down_kernel_size', 'replace_stem_pool', 'zero_init_last', 'pretrained', 'scriptable'],
]);

/** Poolings that the head's tensors show. */
const POOLS: ReadonlySet<unknown> = new Set(['', 'avg', 'fast', 'fastavg', 'catavgmax']);

function architectureOf(name: string, modelArgs: JsonObject): StatedArchitecture {
  const stated: { outputStride?: 8 | 16; activation?: string } = {};
  for (const [key, value] of Object.entries(modelArgs)) {
    if (value === null || SHOWN.has(key) || /(^|_)drop_(path_|block_)?rate$/.test(key)) continue;
    if (key === 'act_layer' && typeof value === 'string') stated.activation = value;
    else if (key === 'output_stride' && (value === 8 || value === 16)) stated.outputStride = value;
    else if (key === 'output_stride' && value === 32) continue;
    else if (key === 'global_pool' && POOLS.has(value)) continue;
    else throw unsupportedConfig(name, `model_args.${key}`, value);
  }
  return stated;
}
