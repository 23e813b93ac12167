import type { ResNetSpec } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';
import type { NetworkOptions } from './network-options.ts';

/** What a weights file may say of its own use. */
export interface WeightsMetadata {
  readonly preset?: Preset;
  /** Names of the classes, by index. */
  readonly labels?: readonly string[];
  /** What its tensors cannot tell of the network. */
  readonly network?: NetworkOptions;
}

const PRESET = 'residual.preset';
const LABELS = 'residual.labels';
const NETWORK = 'residual.network';
/** A larger picture than any network here is given. */
const MAX_CROP_PX = 4096;

/** Text entries for a safetensors file (`writeSafetensors(dict, { metadata })`), by which a classifier of it prepares pictures and names classes. */
export function toMetadata({ preset, labels, network }: WeightsMetadata): Record<string, string> {
  return {
    ...(preset && { [PRESET]: JSON.stringify(preset) }),
    ...(labels && { [LABELS]: JSON.stringify(labels) }),
    ...(network && Object.keys(network).length > 0 && { [NETWORK]: JSON.stringify(network) }),
  };
}

/** What a spec has otherwise than its variant and no tensor tells, for `toMetadata`. */
export function networkOf({ strideIn, epsilon, activation, outputStride }: ResNetSpec): NetworkOptions {
  return {
    ...(strideIn !== undefined && { strideIn }),
    ...(epsilon !== undefined && { epsilon }),
    ...(activation !== undefined && { activation: activation.name }),
    ...(outputStride !== undefined && { outputStride }),
  };
}

/**
 * Reads back what `toMetadata` wrote; entries of others are left alone.
 *
 * @throws ClassifierError for entries that are not what they should be.
 */
export function fromMetadata(source: string, metadata: Readonly<Record<string, string>>): WeightsMetadata {
  const preset = parse(source, metadata, PRESET, isPreset, 'a preset ({resizePx, cropPx, interpolation, mean, std})');
  const labels = parse(source, metadata, LABELS, isLabels, 'a list of names');
  const network = parse(source, metadata, NETWORK, isNetwork, 'an object of options ({strideIn, epsilon, …})');
  return { ...(preset && { preset }), ...(labels && { labels }), ...(network && { network }) };
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
    ['center', 'center-floor', 'squash'].includes(cropMode as string) &&
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

/** Whether the values are a network's, its options say when they are used. */
function isNetwork(value: unknown): value is NetworkOptions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const known = ['strideIn', 'epsilon', 'activation', 'outputStride'];
  return Object.entries(value).every(
    ([key, entry]) => known.includes(key) && ['string', 'number'].includes(typeof entry),
  );
}

function isLabels(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((label) => typeof label === 'string');
}
