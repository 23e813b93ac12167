import { stat } from 'node:fs/promises';
import { type Classifier, createClassifier } from '@residual/classifier';
import type { ResNetSpec } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { getPreset, type PixelImage } from '@residual/vision';
import type { ReadStateDictResult } from '@residual/weights';
import { readStateDictFile } from '@residual/weights/node';
import { parseDevices, serveOnFirst } from './devices.ts';
import { describeEmbeddedWeights, embeddedWeights } from './embedded-weights.ts';
import { UsageError } from './usage-error.ts';
import { type NamedWeights, readWeights } from './weights/read-weights.ts';

/** The options that every command with a model has. */
export interface ModelFlags {
  readonly model?: string;
  readonly weights?: string;
  readonly preset?: string;
  readonly device: string;
}

/** Those of a command that wants the model named. */
export interface NamedModelFlags extends ModelFlags {
  readonly model: string;
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

/** Reads the weights and makes a classifier of them on the first device that can; what is worth knowing goes to stderr. */
export async function loadClassifier(flags: ModelFlags, signal: AbortSignal): Promise<LoadedClassifier> {
  const preset = flags.preset === undefined ? {} : { preset: getPreset(flags.preset) };
  const devices = parseDevices(flags.device);
  const isEmbedded =
    flags.weights === undefined && (flags.model ?? embeddedWeights().model) === embeddedWeights().model;
  const { spec, named } = isEmbedded ? await readEmbedded(signal) : await readNamed(flags, signal);
  const { classifier, device, description } = await serveOnFirst(devices, (engines) =>
    createClassifier({ model: spec, ...named, ...preset, ...engines }),
  );
  process.stderr.write(`${description}\n`);
  if (isEmbedded) process.stderr.write(`${describeEmbeddedWeights()}\n`);
  for (const note of classifier.notes) process.stderr.write(`note: ${note}\n`);
  for (const warning of classifier.warnings) process.stderr.write(`warning: ${warning}\n`);
  const prepare = (image: PixelImage): Float32Array => {
    signal.throwIfAborted();
    return classifier.prepare(image);
  };
  const fitting = Math.floor(CHUNK_PIXELS / classifier.preset.cropPx ** 2);
  return { classifier, prepare, engine: device, isEmbedded, chunkSize: Math.max(classifier.batchSize, fitting) };
}

/** A variant with weights, as `createClassifier` takes them. */
interface ModelWithWeights {
  readonly spec: ResNetSpec;
  readonly named: NamedWeights | { readonly weights: ReadStateDictResult; readonly source: string };
}

async function readEmbedded(signal: AbortSignal): Promise<ModelWithWeights> {
  const { model, file } = embeddedWeights();
  return {
    spec: getSpec(model),
    named: { weights: await readStateDictFile(file, { signal }), source: 'embedded weights' },
  };
}

/** The model is the one that is given, else the one that the weights' file says. */
async function readNamed({ model, weights: name }: ModelFlags, signal: AbortSignal): Promise<ModelWithWeights> {
  if (model !== undefined) {
    const spec = getSpec(model);
    return { spec, named: await readWeights(spec, name, signal) };
  }
  const source = name!;
  const said = `--model: expected the variant that ${source} is of, got none; add it`;
  if (!(await stat(source).catch(() => undefined))?.isFile()) throw new UsageError(said);
  const weights = await readStateDictFile(source, { signal });
  const own = weights.metadata['model'];
  if (own === undefined) throw new UsageError(said);
  return { spec: getSpec(own), named: { weights, source } };
}
