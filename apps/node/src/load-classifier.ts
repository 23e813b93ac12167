import { type Classifier, createClassifier } from '@residual/classifier';
import { didYouMean } from '@residual/resnet';
import { getPreset, listPresets, type PixelImage, type Preset, PresetError } from '@residual/vision';
import type { LoadedWeights } from '@residual/weights/hub';
import { parseDevices, serveOnFirst } from './devices.ts';
import { describeEmbeddedWeights, embeddedWeights } from './embedded-weights.ts';
import { type NetworkFlags, parseNetworkFlags } from './network-flags.ts';
import { type NumberedPictures, type PrecisionFlags, parsePrecisionFlags } from './precision-flags.ts';
import { say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';
import { loadNamedWeights, type WeightsFlags } from './weights/load-named-weights.ts';

/** The options that every command with a model has. */
export interface ModelFlags extends WeightsFlags, NetworkFlags, PrecisionFlags {
  readonly preset?: string;
  readonly device: string;
  readonly tune?: boolean;
}

/** A classifier that is ready, and the name of the device that it runs on. */
export interface LoadedClassifier {
  readonly classifier: Classifier;
  /** The classifier's, but that it ends with the signal's reason. */
  readonly prepare: (image: PixelImage) => Float32Array;
  readonly engine: string;
  /** Whether the weights are those that come with the command. */
  readonly isEmbedded: boolean;
  /** Pictures that a command reads before it runs them: a classifier's batch, or several where those are small. */
  readonly chunkSize: number;
}

/** Pictures that are in memory at once: 8 of 224 × 224 pixels. */
const CHUNK_PIXELS = 8 * 224 * 224;

/**
 * Reads the weights and makes a classifier of them on the first device that can; what is worth knowing goes to stderr. `run` is
 * what the command is about to look at: int8 may want some of it.
 */
export async function loadClassifier(
  flags: ModelFlags,
  run: NumberedPictures,
  signal: AbortSignal,
  batchSize?: number,
): Promise<LoadedClassifier> {
  const { model } = flags;
  const options = {
    ...(model !== undefined && { model }),
    ...(flags.preset !== undefined && { preset: parsePreset(flags.preset) }),
    ...parseNetworkFlags(flags),
  };
  const devices = parseDevices(flags.device);
  const inBits = parsePrecisionFlags(flags, run, signal);
  const isEmbedded = flags.weights === undefined && (model ?? embeddedWeights().model) === embeddedWeights().model;
  const weights = isEmbedded ? await readEmbedded(signal) : await loadNamedWeights(flags, signal);
  const { classifier, device, description } = await serveOnFirst(devices, flags, (served) =>
    createClassifier({ ...options, weights, ...served, ...inBits, ...(batchSize !== undefined && { batchSize }) }),
  );
  say(description);
  if (isEmbedded) say(describeEmbeddedWeights());
  say(...classifier.notes.map((note) => `note: ${note}`), ...classifier.warnings.map((text) => `warning: ${text}`));
  const prepare = (image: PixelImage): Float32Array => {
    signal.throwIfAborted();
    return classifier.prepare(image);
  };
  const fitting = Math.floor(CHUNK_PIXELS / classifier.preset.cropPx ** 2);
  return { classifier, prepare, engine: device, isEmbedded, chunkSize: Math.max(classifier.batchSize, fitting) };
}

/** @throws UsageError for a name that is none, with the one that was meant. */
function parsePreset(name: string): Preset {
  try {
    return getPreset(name);
  } catch (error) {
    if (PresetError.isInstance(error))
      throw new UsageError(`--preset: ${error.message}${didYouMean(name, listPresets())}`);
    throw error;
  }
}

async function readEmbedded(signal: AbortSignal): Promise<LoadedWeights> {
  return { ...(await loadNamedWeights({ weights: embeddedWeights().file }, signal)), source: 'embedded weights' };
}
