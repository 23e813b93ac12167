import type { Activation, StrideIn } from '@residual/blocks';
import { activations, type ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';

/** What no weights file can tell of a network; default as the variant has it, or as the file or a configuration beside it says. */
export interface NetworkOptions {
  /** Which convolution of a bottleneck has the stride: torchvision's `3x3`, or `1x1` as in Caffe's, Detectron2's MSRA and Keras's nets. */
  readonly strideIn?: StrideIn;
  /** Added to the variance by batch norm; 1e-3 in nets that come from TensorFlow. */
  readonly epsilon?: number;
  /** By PyTorch's name: `relu`, `relu6`, `leaky_relu`, `silu`, `hardswish`, `identity`; or one's own. */
  readonly activation?: string | Activation;
  /** How many times smaller the last feature map is than the picture; 8 and 16 dilate the last stages. */
  readonly outputStride?: 8 | 16 | 32;
}

/** How pictures are normalised, where it is not as the preset says. */
export interface NormalisationOptions {
  /** Means of red, green and blue, or of a grey picture, on 0 … 1. */
  readonly mean?: readonly number[];
  /** Deviations of the same. */
  readonly std?: readonly number[];
}

const NETWORK_KEYS = ['strideIn', 'epsilon', 'activation', 'outputStride'] as const;

/** Names of the options. */
export function isNetworkOption(key: string): key is keyof NetworkOptions {
  return NETWORK_KEYS.some((known) => known === key);
}

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The options that are there, of an object that may have others beside. */
export function networkOptionsOf(from: Optional<NetworkOptions>): NetworkOptions {
  return Object.fromEntries(NETWORK_KEYS.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}

/** What a spec says that no tensor tells, as plain data. */
export function networkOf({ activation, ...spec }: ResNetSpec): NetworkOptions {
  return networkOptionsOf({ ...spec, activation: activation?.name });
}

/** The spec with the options in it. @throws ClassifierError for values that no network has. */
export function withNetworkOptions(spec: ResNetSpec, options: NetworkOptions): ResNetSpec {
  const { strideIn, epsilon, activation, outputStride } = options;
  if (strideIn !== undefined && strideIn !== '1x1' && strideIn !== '3x3') throw bad('strideIn', '1x1 or 3x3', strideIn);
  if (epsilon !== undefined && !(epsilon >= 0 && epsilon < 1)) throw bad('epsilon', 'a number from 0 to 1', epsilon);
  if (outputStride !== undefined && ![8, 16, 32].includes(outputStride))
    throw bad('outputStride', '8, 16 or 32', outputStride);
  const { activation: _, ...others } = networkOptionsOf(options);
  return { ...spec, ...others, ...(activation !== undefined && { activation: activationOf(activation) }) };
}

/** The preset with the options in it. @throws ClassifierError for values that are no means or deviations. */
export function withNormalisation(preset: Preset, { mean, std }: NormalisationOptions): Preset {
  return {
    ...preset,
    ...(mean && { mean: perChannel('mean', mean, Number.isFinite) }),
    ...(std && { std: perChannel('std', std, (value) => value > 0 && Number.isFinite(value)) }),
  };
}

function activationOf(activation: string | Activation): Activation {
  if (typeof activation !== 'string') return activation;
  const known = [...activations()];
  const found = known.find(([name]) => bare(name) === bare(activation));
  if (found) return found[1];
  throw bad('activation', `one of ${known.map(([name]) => name).join(', ')}`, activation);
}

/** `leaky_relu`, `LeakyReLU` and `leakyrelu` are one. */
function bare(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function perChannel(option: string, values: readonly number[], isGood: (value: number) => boolean): Preset['mean'] {
  const [red, green = red, blue = red] = values;
  if ((values.length === 3 || values.length === 1) && values.every(isGood)) return [red!, green!, blue!];
  throw bad(option, 'three numbers on 0 … 1, or one', values.join(','));
}

function bad(option: string, expected: string, got: unknown): ClassifierError {
  return new ClassifierError('BAD_OPTION', `${option}: expected ${expected}, got ${String(got)}`);
}
