import { type Classifier, createClassifier } from '@residual/classifier';
import { getSpec } from '@residual/resnet/registry';
import { getPreset, type PixelImage } from '@residual/vision';
import { parseDevices, serveOnFirst } from './devices.ts';
import { readWeights } from './weights/read-weights.ts';

/** The options that every command with a model has. */
export interface ModelFlags {
  readonly model: string;
  readonly weights?: string;
  readonly preset?: string;
  readonly device: string;
}

/** A classifier that is ready, and the name of the device that it runs on. */
export interface LoadedClassifier {
  readonly classifier: Classifier;
  /** The classifier's, but that it ends with the signal's reason. */
  readonly prepare: (image: PixelImage) => Float32Array;
  readonly engine: string;
  /** Pictures that a command reads before it runs them: a classifier's batch, or several where those are small. */
  readonly chunkSize: number;
}

/** Pictures that are in memory at once: 8 of 224 × 224 pixels. */
const CHUNK_PIXELS = 8 * 224 * 224;

/** Reads the weights and makes a classifier of them on the first device that can; what is worth knowing goes to stderr. */
export async function loadClassifier(flags: ModelFlags, signal: AbortSignal): Promise<LoadedClassifier> {
  const spec = getSpec(flags.model);
  const preset = flags.preset === undefined ? {} : { preset: getPreset(flags.preset) };
  const devices = parseDevices(flags.device);
  const named = await readWeights(spec, flags.weights, signal);
  const { classifier, device, description } = await serveOnFirst(devices, (engines) =>
    createClassifier({ model: spec, ...named, ...preset, ...engines }),
  );
  process.stderr.write(`${description}\n`);
  for (const note of classifier.notes) process.stderr.write(`note: ${note}\n`);
  for (const warning of classifier.warnings) process.stderr.write(`warning: ${warning}\n`);
  const prepare = (image: PixelImage): Float32Array => {
    signal.throwIfAborted();
    return classifier.prepare(image);
  };
  const fitting = Math.floor(CHUNK_PIXELS / classifier.preset.cropPx ** 2);
  return { classifier, prepare, engine: device, chunkSize: Math.max(classifier.batchSize, fitting) };
}
