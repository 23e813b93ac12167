import { type Classifier, createClassifier } from '@residual/classifier';
import { getSpec } from '@residual/resnet/registry';
import { getPreset } from '@residual/vision';
import { readStateDictFile } from '@residual/weights/node';
import { describeDevice, startDevice } from './devices.ts';
import { UsageError } from './usage-error.ts';

/** The options that every command with a model has. */
export interface ModelFlags {
  readonly model: string;
  readonly weights?: string;
  readonly preset?: string;
  readonly device: string;
}

/** A classifier that is ready, and the name of the device it runs on. */
export interface LoadedClassifier {
  readonly classifier: Classifier;
  readonly engine: string;
}

/** Reads the weights, starts the device and builds the classifier; what is worth knowing goes to stderr. */
export async function loadClassifier(flags: ModelFlags, signal: AbortSignal): Promise<LoadedClassifier> {
  const spec = getSpec(flags.model);
  const preset = flags.preset === undefined ? {} : { preset: getPreset(flags.preset) };
  const source = flags.weights;
  if (source === undefined) throw new UsageError(missingWeights(flags.model));

  const weights = await readStateDictFile(source, { signal });
  const choice = await startDevice(flags.device);
  const classifier = await createClassifier({ model: spec, weights, source, ...preset });
  process.stderr.write(`${describeDevice(choice)}\n`);
  for (const warning of classifier.warnings) process.stderr.write(`warning: ${warning}\n`);
  return { classifier, engine: choice.info.name };
}

function missingWeights(model: string): string {
  const how = `save them in PyTorch with torch.save(model.state_dict(), '${model}.pth'), or take a .safetensors file`;
  return `--weights: expected a file of ${model}'s weights, got none; ${how}, and pass --weights FILE`;
}
