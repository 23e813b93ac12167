import type { ImagenetClass } from '@residual/vision/imagenet';
import {
  type DEFAULT,
  getWeights,
  type ImagenetModel,
  type ImagenetWeights,
  type ImagenetWeightsName,
  type WeightsName,
} from '@residual/weights/catalogue';
import { type HubOptions, type LoadedWeights, loadWeights, type WeightsReference } from '@residual/weights/hub';
import { defaultHub } from '#hub';
import type { Classifier } from './classifier.ts';
import { ClassifierError } from './classifier-error.ts';
import { createClassifier, type WeightsOptions } from './create-classifier.ts';

export interface LoadPretrainedOptions extends HubOptions {
  /** Which of a model's published weights; default its publisher's latest. Only for a model's name. */
  readonly weights?: WeightsName | typeof DEFAULT;
}

/** Those of `createClassifier` for weights, and where the weights come from. */
export interface PretrainedOptions extends Omit<WeightsOptions, 'weights' | 'source'>, LoadPretrainedOptions {}

/** Options that leave ImageNet's thousand classes as they are. */
type KeepsClasses = PretrainedOptions & {
  readonly weights?: ImagenetWeightsName | typeof DEFAULT;
  readonly labels?: undefined;
  readonly numClasses?: undefined;
};

/**
 * A classifier of published weights by the model's name, or of weights anywhere: `hf:owner/name[@revision]`, an address, a
 * File, bytes, in Node a path. What is not in the cache is downloaded and checked; pictures are prepared as the weights'
 * publisher prepares them; a head or a first convolution of other sizes is made by timm's rules. It is `loadPretrained` and
 * `createClassifier`, one after the other.
 *
 * In Node the environment says where weights are kept and fetched (`hubFromEnvironment` of `@residual/weights/node`).
 *
 * @throws UnknownWeightsError for a name that the catalogue does not have; it lists those it has.
 * @throws HubError where the weights cannot be had, WeightsFormatError for a file that is none.
 * @throws WeightsMismatchError for weights of no variant here, or of another than `model`.
 * @see transformers `from_pretrained`, torchvision `get_model(name, weights=…)`
 */
export async function fromPretrained(
  from: ImagenetModel | ImagenetWeights,
  options?: KeepsClasses,
): Promise<Classifier<ImagenetClass>>;
export async function fromPretrained<const Labels extends readonly string[]>(
  from: WeightsReference,
  options: PretrainedOptions & { readonly labels: Labels },
): Promise<Classifier<Labels[number]>>;
export async function fromPretrained(from: WeightsReference, options?: PretrainedOptions): Promise<Classifier>;
export async function fromPretrained(from: WeightsReference, options: PretrainedOptions = {}): Promise<Classifier> {
  const { weights: _, ...others } = options;
  return createClassifier({ ...others, weights: await loadPretrained(from, options) });
}

/**
 * The weights alone, with all that their publisher says of them, for `createClassifier`.
 *
 * @throws as `fromPretrained`, WeightsMismatchError aside.
 */
export async function loadPretrained(
  from: WeightsReference,
  { weights, ...hub }: LoadPretrainedOptions = {},
): Promise<LoadedWeights> {
  return loadWeights(referenceOf(from, weights), { ...(await defaultHub()), ...given(hub) });
}

/** A name of the catalogue, or what it is that was given. */
function referenceOf(from: WeightsReference, weights: string | undefined): WeightsReference {
  if (typeof from === 'string' && /^\w+$/.test(from)) return getWeights(from, weights);
  if (weights === undefined) return from;
  const expected = `expected a model's name, such as resnet50, beside weights '${weights}'`;
  throw new ClassifierError('BAD_OPTION', `weights: ${expected}, got a file or an address; leave weights out`);
}

/** The fields that are there. */
function given<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
