import { fromTorch, type StateDict, StateDictVars, type VarSource } from '@residual/blocks';
import { type Engine, readWeights, type Weights } from '@residual/compile';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { findNonFinite, type ReadStateDictResult } from '@residual/weights';
import { checkWeights } from './check-weights.ts';
import { Classifier } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { CompiledNetwork } from './compiled-network.ts';
import { defaultLabels } from './default-labels.ts';
import { defaultPreset } from './default-preset.ts';
import { EagerNetwork } from './eager-network.ts';
import { variableSpecs } from './variable-specs.ts';
import { fromMetadata } from './weights-metadata.ts';

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
export interface WeightsOptions extends CommonOptions {
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
 * Puts a classifier together, on the first of `engines` that can run it, else on the current tfjs backend. Weights are compared with the variant before anything is
 * built; a head of another size than the variant's is taken over from the weights, and `notes` says so.
 *
 * @throws WeightsMismatchError for weights of another network; it says which variant they fit.
 * @throws UnknownModelError for a name that is none.
 * @throws ClassifierError where the labels are not as many as the classes, or the model has no head.
 * @throws EngineError where none of `engines` can run it.
 */
export async function createClassifier(options: CreateClassifierOptions): Promise<Classifier> {
  return 'weights' in options ? fromWeights(options) : fromModel(options);
}

async function fromModel(options: ModelOptions): Promise<Classifier> {
  const {
    model,
    preset = defaultPreset(options.model.spec),
    labels,
    batchSize,
    engines = [],
    release = false,
  } = options;
  checkBatchSize(batchSize);
  const numClasses = model.variables.get('fc.weight')?.shape[1];
  if (numClasses === undefined) {
    const expected = 'expected a model with a head (fc), got one without';
    throw new ClassifierError('NO_HEAD', `${model.spec.name}: ${expected}; build it with numClasses`);
  }
  const names = await labelsFor(model.spec, numClasses, labels);
  const compiled = async (): Promise<CompiledNetwork> => {
    const weights = await readWeights(model.variables, { release });
    const parts = {
      build: model.withVars.bind(model),
      weights,
      model: release ? undefined : model,
      edgePx: preset.cropPx,
      batchSize: batchSize ?? 1,
    };
    return CompiledNetwork.create(parts, engines);
  };
  return new Classifier({
    spec: model.spec,
    network:
      engines.length > 0 ? await compiled() : new EagerNetwork({ model, edgePx: preset.cropPx, ownsModel: false }),
    preset,
    labels: names,
    loadReport: undefined,
    notes: [],
    warnings: [],
    batchSize,
  });
}

async function fromWeights(options: WeightsOptions): Promise<Classifier> {
  const { model, weights, source = 'weights', batchSize, engines = [] } = options;
  checkBatchSize(batchSize);
  const { tensors: dict, metadata } = 'tensors' in weights ? weights : { tensors: weights, metadata: {} };
  const spec = typeof model === 'string' ? (await import('@residual/resnet/registry')).getSpec(model) : model;
  const { numClasses, report } = await checkWeights(dict, spec, source);
  const { preset = defaultPreset(spec), labels } = { ...fromMetadata(source, metadata), ...given(options) };
  const names = await labelsFor(spec, numClasses, labels);
  const edgePx = preset.cropPx;
  const compiled = (): Promise<CompiledNetwork> => {
    const parts = {
      build: (vars: VarSource) => new ResNet(spec, { numClasses, vars }),
      weights: toWeights(dict, spec, numClasses),
      model: undefined,
      edgePx,
      batchSize: batchSize ?? 1,
    };
    return CompiledNetwork.create(parts, engines);
  };
  const eager = (): EagerNetwork => {
    const model = new ResNet(spec, { numClasses, vars: new StateDictVars(dict).source });
    return new EagerNetwork({ model, edgePx, ownsModel: true });
  };
  return new Classifier({
    spec,
    network: engines.length > 0 ? await compiled() : eager(),
    preset,
    labels: names,
    loadReport: report,
    notes: headNotes(spec, numClasses, source),
    warnings: valueWarnings(dict, source),
    batchSize,
  });
}

/** A state dict that fits, as a graph's parameters take it; no tfjs model is built. */
function toWeights(dict: StateDict, spec: ResNetSpec, numClasses: number): Weights {
  const entries = [...variableSpecs(spec, { numClasses })].map(([name, { spec: variable }]) => {
    const data = fromTorch(variable.layout, dict.get(name)!);
    return [name, { shape: variable.shape, data }] as const;
  });
  return new Map(entries);
}

function checkBatchSize(batchSize: number | undefined): void {
  if (batchSize === undefined || (Number.isInteger(batchSize) && batchSize >= 1)) return;
  throw new ClassifierError(
    'BAD_OPTION',
    `batchSize: expected a whole number from 1, got ${batchSize}; leave it out for the default`,
  );
}

function given({ preset, labels }: CommonOptions): { preset?: Preset; labels?: readonly string[] } {
  return { ...(preset && { preset }), ...(labels && { labels }) };
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
