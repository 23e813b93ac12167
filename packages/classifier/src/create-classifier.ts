import { type StateDict, StateDictVars, type VarSource, viewTorch } from '@residual/blocks';
import { type Engine, readWeights, type Weights } from '@residual/compile';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { findNonFinite, type ReadStateDictResult } from '@residual/weights';
import { type AdaptOptions, adaptWeights } from './adapt-weights.ts';
import { checkWeights } from './check-weights.ts';
import { BATCH_PIXELS, Classifier, type ClassifierWeights } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { CompiledNetwork } from './compiled-network.ts';
import { defaultLabels } from './default-labels.ts';
import { defaultPreset } from './default-preset.ts';
import { EagerNetwork } from './eager-network.ts';
import { variableSpecs } from './variable-specs.ts';
import { fromMetadata, type WeightsMetadata } from './weights-metadata.ts';

interface CommonOptions {
  /** How pictures are prepared; default: what the weights' metadata say, else `defaultPreset`. */
  readonly preset?: Preset;
  /**
   * Names of the classes; default: what the weights' metadata say, else ImageNet's for 1,000, CIFAR-10's for 10 of the
   * CIFAR family, `class 0`, `class 1`, … for others.
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

/** A variant, by name or spec, with weights; the classifier owns the model that it builds. */
export interface WeightsOptions extends CommonOptions, AdaptOptions {
  readonly model: string | ResNetSpec;
  /** What `readStateDict` of @residual/weights gives, or a state dict under torchvision's names. */
  readonly weights: ReadStateDictResult | StateDict;
  /** What messages call the weights, e.g. the file's path; default `weights`. */
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
 * Puts a classifier together, on the first of `engines` that can run it, else on the current tfjs backend. Weights are
 * compared with the variant before anything is built; a head of another size than the variant's, or a first convolution
 * of other channels, is taken over from the weights (`notes` says so of a head), and adapted where `numClasses` or
 * `inChannels` ask for another. The names in `labels` are those that predictions are typed with.
 *
 * @throws WeightsMismatchError for weights of another network; it says which variant they fit.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the labels are not as many as the classes, or the model has no head.
 * @throws EngineError where none of `engines` can run it.
 */
export async function createClassifier<const Labels extends readonly string[]>(
  options: CreateClassifierOptions & { readonly labels: Labels },
): Promise<Classifier<Labels[number]>>;
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier>;
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier> {
  return 'weights' in options ? fromWeights(options) : fromModel(options);
}

async function fromModel(options: ModelOptions): Promise<Classifier> {
  checkBatchSize(options.batchSize);
  const { model, labels, engines = [], release = false } = options;
  const { spec, variables } = model;
  const preset = options.preset ?? defaultPreset(spec);
  const numClasses = variables.get('fc.weight')?.shape[1];
  if (numClasses === undefined) {
    const expected = 'expected a model with a head (fc), got one without';
    throw new ClassifierError('NO_HEAD', `${spec.name}: ${expected}; build it with numClasses`);
  }
  const names = await labelsFor(spec, numClasses, labels);
  const size = { edgePx: preset.cropPx, channels: variables.get('conv1.weight')!.shape[2]! };
  const batchSize = options.batchSize ?? defaultBatchSize(preset, engines);
  const compiled = async (): Promise<CompiledNetwork> => {
    const weights = await readWeights(variables, { release });
    const build = model.withVars.bind(model);
    const parts = { build, weights, model: release ? undefined : model, ...size, batchSize };
    return CompiledNetwork.create(parts, engines);
  };
  return new Classifier({
    spec,
    network: engines.length > 0 ? await compiled() : new EagerNetwork({ model, ...size, batchSize, ownsModel: false }),
    preset,
    labels: names,
    inChannels: size.channels,
    batchSize,
    weights: undefined,
    loadReport: undefined,
    notes: [],
    warnings: [],
  });
}

/** Of weights, with what is known of them beside their tensors. */
export async function fromWeights(
  options: WeightsOptions,
  facts?: ClassifierWeights & { readonly notes: readonly string[] },
): Promise<Classifier> {
  checkBatchSize(options.batchSize);
  const { model, weights, source = 'weights', engines = [] } = options;
  const { tensors, metadata } = 'tensors' in weights ? weights : { tensors: weights, metadata: {} };
  const spec = typeof model === 'string' ? (await import('@residual/resnet/registry')).getSpec(model) : model;
  const found = await checkWeights(tensors, spec, source);
  const { dict, missing, notes } = adaptWeights(tensors, options, source);
  const numClasses = options.numClasses ?? found.numClasses;
  const inChannels = options.inChannels ?? found.inChannels;
  const { preset = defaultPreset(spec), labels } = describe(source, metadata, options, missing.length > 0);
  const names = await labelsFor(spec, numClasses, labels);
  const size = { edgePx: preset.cropPx, channels: inChannels };
  const batchSize = options.batchSize ?? defaultBatchSize(preset, engines);
  const compiled = (): Promise<CompiledNetwork> => {
    const build = (vars: VarSource): ResNet => new ResNet(spec, { numClasses, inChannels, vars });
    const weights = toWeights(dict, spec, { numClasses, inChannels });
    return CompiledNetwork.create({ build, weights, model: undefined, ...size, batchSize }, engines);
  };
  const eager = (): EagerNetwork => {
    const model = new ResNet(spec, { numClasses, inChannels, vars: new StateDictVars(dict).source });
    return new EagerNetwork({ model, ...size, batchSize, ownsModel: true });
  };
  return new Classifier({
    spec,
    network: engines.length > 0 ? await compiled() : eager(),
    preset,
    labels: names,
    inChannels,
    batchSize,
    weights: facts && { source, published: facts.published, licence: facts.licence, sha256: facts.sha256 },
    loadReport: { ...found.report, missing },
    notes: [...(facts?.notes ?? []), ...(missing.length > 0 ? [] : headNotes(spec, numClasses, source)), ...notes],
    warnings: valueWarnings(dict, source),
  });
}

/** How the caller, else the weights, would have pictures prepared and classes called; a new head's classes are not the weights'. */
function describe(
  source: string,
  metadata: Readonly<Record<string, string>>,
  { preset, labels }: CommonOptions,
  hasNewHead: boolean,
): WeightsMetadata {
  const stored = fromMetadata(source, metadata);
  const names = labels ?? (hasNewHead ? undefined : stored.labels);
  return { ...stored, ...(preset && { preset }), ...(names && { labels: names }) };
}

/** A state dict that fits, as a graph's parameters take it; no tfjs model is built. */
function toWeights(dict: StateDict, spec: ResNetSpec, size: { numClasses: number; inChannels: number }): Weights {
  const specs = variableSpecs(spec, size);
  return new Map([...specs].map(([name, variable]) => [name, viewTorch(variable.spec.layout, dict.get(name)!)]));
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

function headNotes(spec: ResNetSpec, numClasses: number, source: string): string[] {
  const usual = spec.numClasses ?? 1000;
  if (numClasses === usual) return [];
  return [`${source}: a head of ${numClasses} classes, where ${spec.name}'s own has ${usual}`];
}

function valueWarnings(dict: StateDict, source: string): string[] {
  const found = findNonFinite(dict);
  if (!found) return [];
  const values = found.count === 1 ? 'one value is' : `${found.count} values are`;
  return [
    `${source}: ${values} NaN or infinite, the first in ${found.firstName}; answers may be wrong or none, choose another file`,
  ];
}

async function labelsFor(
  spec: ResNetSpec,
  numClasses: number,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (given === undefined) return defaultLabels(spec, numClasses);
  if (given.length === numClasses) return given;
  const counts = `expected ${numClasses} names, one per class, got ${given.length}`;
  throw new ClassifierError('BAD_LABELS', `labels: ${counts}; pass as many as the head has rows`);
}
