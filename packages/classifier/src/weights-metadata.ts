import type { ResNetSpec } from '@residual/resnet';
import { CROP_MODES, type Preset } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';
import { isNetworkOption, type NetworkOptions, networkOf } from './network-options.ts';

/** What a weights file may say of its own use. */
export interface WeightsMetadata {
  /** The variant's name. */
  readonly model?: string;
  /** What its tensors cannot tell of the network. */
  readonly network?: NetworkOptions;
  readonly preset?: Preset;
  /** Names of the classes, by index. */
  readonly labels?: readonly string[];
}

/** What is to be said in a weights file; a `Classifier` has all three. */
export interface SavedFacts {
  readonly spec?: ResNetSpec;
  readonly preset?: Preset;
  readonly labels?: readonly string[];
}

const MODEL = 'residual.model';
const NETWORK = 'residual.network';
const PRESET = 'residual.preset';
const LABELS = 'residual.labels';
/** A larger picture than any network here is given. */
const MAX_CROP_PX = 4096;

/**
 * Text entries for a safetensors file, `writeSafetensors(dict, { metadata: toMetadata(classifier) })`, by which a classifier of
 * it is the same network, prepares pictures alike and names the classes.
 */
export function toMetadata({ spec, preset, labels = [] }: SavedFacts): Record<string, string> {
  const network = spec && networkOf(spec);
  return {
    ...(spec && { [MODEL]: spec.name }),
    ...(network && Object.keys(network).length > 0 && { [NETWORK]: JSON.stringify(network) }),
    ...(preset && { [PRESET]: JSON.stringify(preset) }),
    ...(labels.length > 0 && { [LABELS]: JSON.stringify(labels) }),
  };
}

/**
 * Reads back what `toMetadata` wrote; entries of others are left alone.
 *
 * @throws ClassifierError for entries that are not what they should be.
 */
export function fromMetadata(source: string, metadata: Readonly<Record<string, string>>): WeightsMetadata {
  const model = metadata[MODEL];
  const network = parse(source, metadata, NETWORK, isNetwork, 'an object of options ({strideIn, epsilon, …})');
  const preset = parse(source, metadata, PRESET, isPreset, 'a preset ({resizePx, cropPx, interpolation, mean, std})');
  const labels = parse(source, metadata, LABELS, isLabels, 'a list of names');
  return {
    ...(model !== undefined && { model }),
    ...(network && { network }),
    ...(preset && { preset }),
    ...(labels && { labels }),
  };
}

function parse<T>(
  source: string,
  metadata: Readonly<Record<string, string>>,
  key: string,
  check: (value: unknown) => value is T,
  expected: string,
): T | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (check(value)) return value;
  const got = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  throw new ClassifierError(
    'BAD_METADATA',
    `${source}: metadata ${key}: expected ${expected} as JSON, got ${JSON.stringify(got)}; write it with toMetadata`,
  );
}

function isPreset(value: unknown): value is Preset {
  if (typeof value !== 'object' || value === null) return false;
  const { resizePx, cropPx, interpolation, mean, std, cropMode = 'center' } = value as Record<string, unknown>;
  return (
    isEdge(resizePx) &&
    isEdge(cropPx) &&
    ['bilinear', 'bicubic'].includes(interpolation as string) &&
    CROP_MODES.some((mode) => mode === cropMode) &&
    isRgb(mean) &&
    isRgb(std) &&
    std.every((deviation) => deviation > 0)
  );
}

function isEdge(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_CROP_PX;
}

function isRgb(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
}

/** Whether it has a network's options; whether their values are any is found out where they are used. */
function isNetwork(value: unknown): value is NetworkOptions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([key, entry]) => isNetworkOption(key) && ['string', 'number'].includes(typeof entry),
  );
}

function isLabels(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((label) => typeof label === 'string');
}
