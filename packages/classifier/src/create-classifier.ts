import { StateDictVars, viewStateDict } from '@residual/blocks';
import { type Engine, weightsFrom } from '@residual/compile';
import type { ResNet } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { checkBatchSize } from './batch-run-options.ts';
import { BATCH_PIXELS, Classifier } from './classifier.ts';
import { CompiledNetwork, type CompiledNetworkParts } from './compiled-network.ts';
import { defaultPreset } from './default-preset.ts';
import { type DescribeWeightsOptions, describeWeights } from './describe-weights.ts';
import { EagerNetwork } from './eager-network.ts';
import { labelsFor } from './labels-for.ts';
import type { Network } from './network.ts';
import { withNormalisation } from './network-options.ts';
import { type PictureOptions, pictureOptionsOf } from './picture-options.ts';
import { compileOptionsOf, type PrecisionOptions } from './precision-options.ts';

/** How a network is run. */
interface RunningOptions extends PrecisionOptions {
  /** Pictures that go through the network at once; default 1 on an engine, else as many as make about 400,000 pixels. */
  readonly batchSize?: number;
  /**
   * Who may run the network, compiled: the first that can, see `engine`. Without them, or with none, it is the current
   * tfjs backend, operation by operation. `native()` and `wasm()` need no tfjs backend.
   */
  readonly engines?: readonly Engine[];
}

/** Weights, what network they are to be, how it is used and who runs it; the classifier owns the model that it builds. */
export interface WeightsOptions extends DescribeWeightsOptions, RunningOptions, PictureOptions {}

/** A model that stays its owner's. Compiled for engines, it may be trained on: the classifier keeps the weights of now. */
export interface ModelOptions
  extends Pick<DescribeWeightsOptions, 'preset' | 'labels' | 'mean' | 'std'>,
    RunningOptions,
    PictureOptions {
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
  const parts = partsOf(model, preset, options);
  const compiled = async (): Promise<Network> => {
    const weights = await weightsFrom(model.variables, { release });
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
    pictureOptions: pictureOptionsOf(options),
  });
}

async function fromWeights(options: WeightsOptions): Promise<Classifier> {
  const { engines = [] } = options;
  const pictureOptions = pictureOptionsOf(options);
  const { dict, ...described } = await describeWeights(options);
  const { blueprint, preset } = described;
  const parts = partsOf(blueprint, preset, options);
  const compiled = (): Promise<Network> =>
    CompiledNetwork.create(
      { ...parts, weights: viewStateDict(dict, blueprint.variableSpecs), model: undefined },
      engines,
    );
  const eager = (): Network =>
    new EagerNetwork({ ...parts, model: blueprint.withVars(new StateDictVars(dict).source), ownsModel: true });
  const network = engines.length > 0 ? await compiled() : eager();
  return new Classifier({ ...described, network, batchSize: parts.batchSize, pictureOptions });
}

type Parts = Pick<
  CompiledNetworkParts,
  'blueprint' | 'edgePx' | 'channels' | 'batchSize' | 'preset' | 'compileOptions'
>;

function partsOf(blueprint: ResNet, preset: Preset, options: RunningOptions & PictureOptions): Parts {
  const { batchSize, engines = [] } = options;
  return {
    blueprint,
    edgePx: preset.cropPx,
    channels: blueprint.inChannels,
    batchSize: batchSize ?? defaultBatchSize(preset, engines),
    preset,
    compileOptions: compileOptionsOf(options, blueprint, preset, engines.length),
  };
}

/** Engines are as fast with one picture as with several, and answer sooner in less memory. */
function defaultBatchSize({ cropPx }: Preset, engines: readonly Engine[]): number {
  return engines.length > 0 ? 1 : Math.max(1, Math.floor(BATCH_PIXELS / cropPx ** 2));
}
