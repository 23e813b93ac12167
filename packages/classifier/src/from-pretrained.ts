import type { Engine } from '@residual/compile';
import type { ResNetSpec } from '@residual/resnet';
import { type Preset, presetFromHuggingFace, presetFromTimm } from '@residual/vision';
import type { ImagenetClass } from '@residual/vision/imagenet';
import {
  type DEFAULT,
  getWeights,
  type PublishedModel,
  type PublishedWeights,
  type WeightsName,
} from '@residual/weights/catalogue';
import { type HubOptions, type LoadedWeights, loadWeights, type WeightsReference } from '@residual/weights/hub';
import { defaultHub } from '#hub';
import type { AdaptOptions } from './adapt-weights.ts';
import type { Classifier } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { fromWeights } from './create-classifier.ts';
import { findVariant } from './find-variant.ts';

export interface PretrainedOptions extends AdaptOptions, HubOptions {
  /** Which of a model's published weights; default its publisher's latest. Only for a model's name. */
  readonly weights?: WeightsName | typeof DEFAULT;
  /** The variant that a file holds; default: the one that its tensors fit. */
  readonly model?: string | ResNetSpec;
  /** How pictures are prepared; default as the weights' publisher does. */
  readonly preset?: Preset;
  /** Names of the classes; default the weights'. */
  readonly labels?: readonly string[];
  /** Pictures that go through the network at once; see `createClassifier`. */
  readonly batchSize?: number;
  /** Who may run the network, compiled: the first that can. Without them it is the current tfjs backend. */
  readonly engines?: readonly Engine[];
}

/** Options that leave the catalogue's classes as they are. */
type KeepsClasses = PretrainedOptions & { readonly labels?: undefined; readonly numClasses?: undefined };

/**
 * A classifier of published weights by the model's name, or of weights anywhere: `hf:owner/name[@revision]`, an address, a
 * File, bytes, in Node a path. What is not in the cache is downloaded and checked; pictures are prepared as the weights'
 * publisher prepares them; a head or a first convolution of other sizes is made by timm's rules.
 *
 * In Node the environment says where weights are kept and fetched (`hubFromEnvironment` of `@residual/weights/node`).
 *
 * @throws UnknownWeightsError for a name that the catalogue does not have; it lists those it has.
 * @throws HubError where the weights cannot be had, WeightsFormatError for a file that is none.
 * @throws WeightsMismatchError for weights of no variant here, or of another than `model`.
 * @see transformers `from_pretrained`, torchvision `get_model(name, weights=…)`
 */
export async function fromPretrained(
  from: PublishedModel | PublishedWeights,
  options?: KeepsClasses,
): Promise<Classifier<ImagenetClass>>;
export async function fromPretrained<const Labels extends readonly string[]>(
  from: WeightsReference,
  options: PretrainedOptions & { readonly labels: Labels },
): Promise<Classifier<Labels[number]>>;
export async function fromPretrained(from: WeightsReference, options?: PretrainedOptions): Promise<Classifier>;
export async function fromPretrained(from: WeightsReference, options: PretrainedOptions = {}): Promise<Classifier> {
  const { weights, model, preset, labels, batchSize, engines, numClasses, inChannels, ...hub } = options;
  const loaded = await loadWeights(referenceOf(from, weights), { ...(await defaultHub()), ...given(hub) });
  const { tensors, source } = loaded;
  const spec = model ?? loaded.published?.model ?? (await findVariant(tensors));
  // Published weights' classes are called alike, whoever published them.
  const stated = loaded.published ? undefined : loaded.labels;
  const names = labels ?? (numClasses === undefined || numClasses === stated?.length ? stated : undefined);
  return fromWeights(
    {
      model: spec,
      weights: loaded,
      source,
      ...given({ preset: preset ?? presetOf(loaded), labels: names, batchSize, engines, numClasses, inChannels }),
    },
    loaded,
  );
}

/** A name of the catalogue, or what it is that was given. */
function referenceOf(from: WeightsReference, weights: string | undefined): WeightsReference {
  if (typeof from === 'string' && /^\w+$/.test(from)) return getWeights(from, weights);
  if (weights === undefined) return from;
  const expected = `expected a model's name, such as resnet50, beside weights '${weights}'`;
  throw new ClassifierError('BAD_OPTION', `weights: ${expected}, got a file or an address; leave weights out`);
}

function presetOf({ preprocessing, metadata }: LoadedWeights): Preset | undefined {
  if (preprocessing === undefined || 'residual.preset' in metadata) return undefined;
  switch (preprocessing.kind) {
    case 'preset':
      return preprocessing.preset;
    case 'timm':
      return presetFromTimm(preprocessing.config);
    case 'huggingface':
      return presetFromHuggingFace(preprocessing.config);
  }
}

/** The fields that are there. */
function given<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
