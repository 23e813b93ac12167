import { type LoadReport, type StateDict, shapesOnly } from '@residual/blocks';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { findNonFinite, type ReadStateDictResult } from '@residual/weights';
import type { LoadedWeights } from '@residual/weights/hub';
import { type AdaptOptions, adaptWeights } from './adapt-weights.ts';
import { chooseModel } from './choose-model.ts';
import type { ClassifierWeights } from './classifier.ts';
import { defaultPreset } from './default-preset.ts';
import { labelsFor } from './labels-for.ts';
import { nameHints } from './name-hints.ts';
import {
  type NetworkOptions,
  type NormalisationOptions,
  networkOptionsOf,
  withNetworkOptions,
  withNormalisation,
} from './network-options.ts';
import { publisherPreset } from './publisher-preset.ts';
import { statedFacts } from './stated-facts.ts';

/** Weights, what network they are to be, and how it is used. */
export interface DescribeWeightsOptions extends AdaptOptions, NetworkOptions, NormalisationOptions {
  /** What `loadWeights` or `readStateDict` of @residual/weights gives, or a state dict under torchvision's names. */
  readonly weights: LoadedWeights | ReadStateDictResult | StateDict;
  /** A variant by name or spec; default: the one that the tensors say. */
  readonly model?: string | ResNetSpec;
  /** What messages call the weights, e.g. the file's path; default as they were loaded, else `weights`. */
  readonly source?: string;
  /** How pictures are prepared; default: what the weights, or a configuration beside them, say, else `defaultPreset`. */
  readonly preset?: Preset;
  /**
   * Names of the classes; default: what the weights, or a configuration beside them, say, else ImageNet's for 1,000,
   * CIFAR-10's for 10 of a network for pictures of 32², `class 0`, `class 1`, … for others.
   */
  readonly labels?: readonly string[];
}

/** All that is known of weights before a network is built of them. */
export interface DescribedWeights {
  /** The network as the weights and the options have it, with shapes in place of values: `spec` says what it is, `withVars` builds it. */
  readonly blueprint: ResNet;
  /** Every tensor of it by name, in PyTorch's layout; not copied. */
  readonly dict: StateDict;
  readonly preset: Preset;
  /** Names of the classes, by index; none where there is no head. */
  readonly labels: readonly string[];
  /** Where they came from; `undefined` for weights that `loadWeights` did not load. */
  readonly weights: ClassifierWeights | undefined;
  /** How they fitted. */
  readonly loadReport: LoadReport;
  /** For people: what was taken over from the weights, assumed or changed. */
  readonly notes: readonly string[];
  /** For people: what makes the answers doubtful. */
  readonly warnings: readonly string[];
}

/**
 * Which network weights are of, and how it is used. The tensors say the variant. What they cannot say comes from the options,
 * else from a configuration beside the file, else from the file itself, else from its name. Nothing is built, and no engine asked.
 *
 * @throws WeightsMismatchError for weights of another network; it says which variant they fit, or which is nearest.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the labels are not as many as the classes, or an option is none.
 */
export async function describeWeights(options: DescribeWeightsOptions): Promise<DescribedWeights> {
  const weights = 'tensors' in options.weights ? options.weights : undefined;
  const tensors = weights?.tensors ?? (options.weights as StateDict);
  const loaded = weights && isLoaded(weights) ? weights : undefined;
  const source = options.source ?? loaded?.source ?? 'weights';
  const stated = statedFacts(source, weights, loaded);
  const said = { ...stated.network, ...networkOptionsOf(options) };
  const byName = nameHints(source, said);
  const fileName = byName.name;
  const { stemPool } = weights?.hints ?? {};
  const chosen = await chooseModel(tensors, { model: options.model, stated: stated.model, fileName, stemPool, source });
  const adapted = adaptWeights(tensors, chosen, options, source);
  const spec = withNetworkOptions(adapted.spec, { ...byName.network, ...said });
  const { dict, missing } = adapted;
  const blueprint = new ResNet(spec, { vars: shapesOnly });
  const own = publisherPreset(spec, weights?.scheme, fileName);
  const preset = options.preset ?? stated.preset?.();
  const usual = preset ?? withNormalisation(own?.preset ?? defaultPreset(spec), stated.normalisation);
  const names = options.labels ?? (stated.labels?.length === blueprint.numClasses ? stated.labels : undefined);
  return {
    blueprint,
    dict,
    preset: withNormalisation(usual, options),
    labels: await labelsFor(blueprint, names),
    weights: loaded && { source, published: loaded.published, licence: loaded.licence, sha256: loaded.sha256 },
    loadReport: { ...chosen.report, missing },
    notes: [
      ...(weights?.notes ?? []),
      ...chosen.notes,
      ...(missing.length > 0 ? [] : headNotes(chosen, source)),
      ...labelNotes(stated.labels, names, blueprint, source),
      ...adapted.notes,
      ...byName.notes,
      ...(own && preset === undefined ? [`${source}: ${own.note}`] : []),
    ],
    warnings: valueWarnings(dict, source),
  };
}

/** Whether weights come with what their publisher says of them. */
function isLoaded(weights: ReadStateDictResult | LoadedWeights): weights is LoadedWeights {
  return 'published' in weights;
}

function headNotes({ variant, spec }: { variant: ResNetSpec; spec: ResNetSpec }, source: string): string[] {
  if (spec.numClasses === null) return [`${source}: no head, and so no classes; it embeds`];
  const usual = variant.numClasses ?? 1000;
  if (spec.numClasses === usual) return [];
  return [`${source}: a head of ${spec.numClasses} classes, where ${spec.name}'s own has ${usual}`];
}

function labelNotes(
  stated: readonly string[] | undefined,
  used: readonly string[] | undefined,
  { numClasses }: ResNet,
  source: string,
): string[] {
  if (stated === undefined || used !== undefined || numClasses === null) return [];
  return [`${source}: ${stated.length} names of classes beside a head of ${numClasses}; they are not used`];
}

function valueWarnings(dict: StateDict, source: string): string[] {
  const found = findNonFinite(dict);
  if (!found) return [];
  const values = found.count === 1 ? 'one value is' : `${found.count} values are`;
  return [
    `${source}: ${values} NaN or infinite, the first in ${found.firstName}; answers may be wrong or none: fetch or train it again`,
  ];
}
