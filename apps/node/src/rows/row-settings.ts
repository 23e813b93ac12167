import { stat } from 'node:fs/promises';
import { networkOf } from '@residual/classifier';
import { hashFile } from '@residual/weights/node';
import type { FoundImage } from '../find-images.ts';
import type { LoadedClassifier, ModelFlags } from '../load-classifier.ts';
import type { PictureReader } from '../pictures/picture-reader.ts';

interface RowSource {
  readonly flags: ModelFlags;
  readonly loaded: LoadedClassifier;
  readonly reader: PictureReader;
  readonly inputs: readonly FoundImage[];
}

/** What rows depend on: those of another network cannot be told from them, so a restart goes on under the same alone. */
export async function rowSettings(
  { flags, loaded, reader, inputs }: RowSource,
  signal: AbortSignal,
): Promise<RowSettings> {
  const { classifier } = loaded;
  const { entry, precision, calibrate } = flags;
  const settings = {
    model: classifier.spec.name,
    network: networkOf(classifier.spec),
    ...(entry !== undefined && { entry }),
    weights: await fingerprint(flags),
    preset: classifier.preset,
    ...(precision !== 'fp32' && { precision, calibrate: calibrate ?? null }),
    ...reader.options,
    ...(await reader.standardInput(inputs, signal)),
  };
  return settings;
}

/** What is the same for every command. */
export interface RowSettings {
  readonly model: string;
  readonly network: object;
  readonly weights: string;
  readonly preset: object;
}

/** What tells weights from others: the digest of their file, or their published name. */
async function fingerprint({ model, weights }: ModelFlags): Promise<string> {
  const isFile = weights !== undefined && (await stat(weights).catch(() => undefined))?.isFile();
  if (!isFile) return weights ?? model ?? 'embedded weights';
  return `sha256:${await hashFile(weights)}`;
}
