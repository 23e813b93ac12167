import { type LoadReport, type StateDict, StateDictVars, shapesOnly, viewTorch } from '@residual/blocks';
import { type Engine, readWeights, type Weights } from '@residual/compile';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { findNonFinite, type ReadStateDictResult } from '@residual/weights';
import type { LoadedWeights } from '@residual/weights/hub';
import { type AdaptOptions, adaptWeights } from './adapt-weights.ts';
import { chooseModel } from './choose-model.ts';
import { BATCH_PIXELS, Classifier } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { CompiledNetwork } from './compiled-network.ts';
import { defaultLabels } from './default-labels.ts';
import { defaultPreset } from './default-preset.ts';
import { EagerNetwork } from './eager-network.ts';
import type { Network } from './network.ts';
import {
  type NetworkOptions,
  type NormalisationOptions,
  withNetworkOptions,
  withNormalisation,
} from './network-options.ts';
import { statedFacts } from './stated-facts.ts';

interface CommonOptions extends NormalisationOptions {
  /** How pictures are prepared; default: what the weights, or a configuration beside them, say, else `defaultPreset`. */
  readonly preset?: Preset;
  /**
   * Names of the classes; default: what the weights, or a configuration beside them, say, else ImageNet's for 1,000,
   * CIFAR-10's for 10 of a network for pictures of 32², `class 0`, `class 1`, … for others.
   */
  readonly labels?: readonly string[];
  /** Pictures that go through the network at once; default 1 on an engine, else as many as make about 400,000 pixels. */
  readonly batchSize?: number;
  /**
   * Who may run the network, compiled: the first that can, see `engine`. Without them, or with none, it is the current
   * tfjs backend, operation by operation. `native()` and `wasm()` need no tfjs backend.
   */
  readonly engines?: readonly Engine[];
}

/** Weights, and the variant that they are of; the classifier owns the model that it builds. */
export interface WeightsOptions extends CommonOptions, AdaptOptions, NetworkOptions {
  /** What `loadWeights` or `readStateDict` of @residual/weights gives, or a state dict under torchvision's names. */
  readonly weights: LoadedWeights | ReadStateDictResult | StateDict;
  /** A variant by name or spec; default: the one that the tensors say. */
  readonly model?: string | ResNetSpec;
  /** What messages call the weights, e.g. the file's path; default as they were loaded, else `weights`. */
  readonly source?: string;
}

/** A model that stays its owner's. Compiled for engines, it may be trained on: the classifier keeps the weights of now. */
export interface ModelOptions extends CommonOptions {
  readonly model: ResNet;
  /** With `engines`: let the model's variables go once they are read, for a model that is only run compiled. Default false. */
  readonly release?: boolean;
}

export type CreateClassifierOptions = WeightsOptions | ModelOptions;

/**
 * Puts a classifier together, on the first of `engines` that can run it, else on the current tfjs backend. Which variant
 * weights are of, their tensors say, unless `model` does; they are compared with it before anything is built. A head of another
 * kind or size than the variant's, or a first convolution of other channels, is taken over from the weights (`notes` says so of
 * a head), and adapted where `numClasses` or `inChannels` ask for another. The names in `labels` are those that predictions
 * are typed with.
 *
 * @throws WeightsMismatchError for weights of another network; it says which variant they fit, or which is nearest.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the labels are not as many as the classes, or an option is none.
 * @throws EngineError where none of `engines` can run it.
 */
export async function createClassifier<const Labels extends readonly string[]>(
  options: CreateClassifierOptions & { readonly labels: Labels },
): Promise<Classifier<Labels[number]>>;
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier>;
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier> {
  checkBatchSize(options.batchSize);
  return 'weights' in options ? fromWeights(options) : fromModel(options);
}

async function fromModel(options: ModelOptions): Promise<Classifier> {
  const { model, engines = [], release = false } = options;
  const preset = withNormalisation(options.preset ?? defaultPreset(model.spec), options);
  const parts = sizesOf(model, preset, options);
  const compiled = async (): Promise<Network> => {
    const weights = await readWeights(model.variables, { release });
    return CompiledNetwork.create({ ...parts, weights, model: release ? undefined : model }, engines);
  };
  return new Classifier({
    blueprint: model,
    network: engines.length > 0 ? await compiled() : new EagerNetwork({ ...parts, model, ownsModel: false }),
    preset,
    labels: await labelsFor(model, options.labels),
    batchSize: parts.batchSize,
    weights: undefined,
    loadReport: undefined,
    notes: [],
    warnings: [],
  });
}

async function fromWeights(options: WeightsOptions): Promise<Classifier> {
  const { engines = [] } = options;
  const weights = 'tensors' in options.weights ? options.weights : undefined;
  const tensors = weights?.tensors ?? (options.weights as StateDict);
  const loaded = weights && isLoaded(weights) ? weights : undefined;
  const source = options.source ?? loaded?.source ?? 'weights';
  const stated = statedFacts(source, weights, loaded);
  const chosen = await chooseModel(tensors, { model: options.model, stated: stated.model, source });
  const adapted = adaptWeights(tensors, chosen, options, source);
  const spec = withNetworkOptions(adapted.spec, { ...stated.network, ...givenNetwork(options) });
  const { dict, missing } = adapted;
  const blueprint = new ResNet(spec, { vars: shapesOnly });
  const usual = options.preset ?? stated.preset?.() ?? withNormalisation(defaultPreset(spec), stated.normalisation);
  const preset = withNormalisation(usual, options);
  const names = options.labels ?? (stated.labels?.length === blueprint.numClasses ? stated.labels : undefined);
  const labels = await labelsFor(blueprint, names);
  const parts = sizesOf(blueprint, preset, options);
  const compiled = (): Promise<Network> =>
    CompiledNetwork.create({ ...parts, weights: toWeights(dict, blueprint), model: undefined }, engines);
  const eager = (): Network =>
    new EagerNetwork({ ...parts, model: blueprint.withVars(new StateDictVars(dict).source), ownsModel: true });
  const loadReport: LoadReport = { ...chosen.report, missing };
  return new Classifier({
    blueprint,
    network: engines.length > 0 ? await compiled() : eager(),
    preset,
    labels,
    batchSize: parts.batchSize,
    weights: loaded && { source, published: loaded.published, licence: loaded.licence, sha256: loaded.sha256 },
    loadReport,
    notes: [
      ...(weights?.notes ?? []),
      ...chosen.notes,
      ...(missing.length > 0 ? [] : headNotes(chosen, source)),
      ...labelNotes(stated.labels, names, blueprint, source),
      ...adapted.notes,
    ],
    warnings: valueWarnings(dict, source),
  });
}

/** Whether weights come with what their publisher says of them. */
function isLoaded(weights: ReadStateDictResult | LoadedWeights): weights is LoadedWeights {
  return 'published' in weights;
}

interface Sizes {
  readonly blueprint: ResNet;
  readonly edgePx: number;
  readonly channels: number;
  readonly batchSize: number;
}

function sizesOf(blueprint: ResNet, preset: Preset, { batchSize, engines = [] }: CommonOptions): Sizes {
  const size = { blueprint, edgePx: preset.cropPx, channels: blueprint.inChannels };
  return { ...size, batchSize: batchSize ?? defaultBatchSize(preset, engines) };
}

/** A state dict that fits, as a graph's parameters take it; no tfjs model is built. */
function toWeights(dict: StateDict, { variableSpecs }: ResNet): Weights {
  return new Map([...variableSpecs].map(([name, { layout }]) => [name, viewTorch(layout, dict.get(name)!)]));
}

function givenNetwork({ strideIn, epsilon, activation, outputStride }: NetworkOptions): NetworkOptions {
  return {
    ...(strideIn !== undefined && { strideIn }),
    ...(epsilon !== undefined && { epsilon }),
    ...(activation !== undefined && { activation }),
    ...(outputStride !== undefined && { outputStride }),
  };
}

function checkBatchSize(batchSize: number | undefined): void {
  if (batchSize === undefined || (Number.isInteger(batchSize) && batchSize >= 1)) return;
  throw new ClassifierError(
    'BAD_OPTION',
    `batchSize: expected a whole number from 1, got ${batchSize}; leave it out for the default`,
  );
}

/** Engines are as fast with one picture as with several, and answer sooner in less memory. */
function defaultBatchSize({ cropPx }: Preset, engines: readonly Engine[]): number {
  return engines.length > 0 ? 1 : Math.max(1, Math.floor(BATCH_PIXELS / cropPx ** 2));
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

async function labelsFor(
  { numClasses, sizePx }: ResNet,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (numClasses === null) return [];
  if (given === undefined) return defaultLabels(numClasses, sizePx);
  if (given.length === numClasses) return given;
  const counts = `expected ${numClasses} names, one per class, got ${given.length}`;
  throw new ClassifierError('BAD_LABELS', `labels: ${counts}; pass as many as the head has rows`);
}
