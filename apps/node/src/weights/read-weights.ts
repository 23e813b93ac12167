import type { ResNetSpec } from '@residual/resnet';
import { type Preset, presetFromHuggingFace, presetFromTimm } from '@residual/vision';
import { WeightsSourceError } from '@residual/weights';
import { DEFAULT, findWeights, listWeights } from '@residual/weights/catalogue';
import { type LoadedWeights, loadWeights, type Preprocessing, type WeightsReference } from '@residual/weights/hub';
import { hubFromEnvironment } from '@residual/weights/node';
import { UsageError } from '../usage-error.ts';
import { downloadBar } from './download-bar.ts';

/** Weights as `createClassifier` takes them. */
export interface NamedWeights {
  readonly weights: LoadedWeights;
  /** What messages call them. */
  readonly source: string;
  /** Where the publisher says how pictures are prepared. */
  readonly preset?: Preset;
  /** Where a repository names its classes. */
  readonly labels?: readonly string[];
}

/**
 * Weights by what `--weights` says: a name of the catalogue, `hf:owner/name[@revision]`, an address or a path; without, the
 * catalogue's default of the model. What has to be downloaded is shown; what is worth knowing of it goes to stderr.
 *
 * @throws UsageError where there is no default, and for what is neither a name nor a file.
 */
export async function readWeights(
  spec: ResNetSpec,
  name: string | undefined,
  signal: AbortSignal,
): Promise<NamedWeights> {
  const reference = toReference(spec, name);
  const bar = downloadBar();
  let weights: LoadedWeights;
  try {
    weights = await loadWeights(reference, { ...(await hubFromEnvironment()), signal, onProgress: bar.onProgress });
  } catch (error) {
    bar.stop();
    throw isUnknownName(error, name) ? unknownName(spec, name!) : error;
  }
  bar.stop();
  const isFile = reference === name && !isRemote(reference);
  if (!isFile) for (const note of weights.notes) process.stderr.write(`note: ${note}\n`);
  const { preprocessing, published, labels, source } = weights;
  return {
    weights,
    source,
    ...(preprocessing && { preset: presetOf(preprocessing) }),
    ...(labels && published === undefined && { labels }),
  };
}

function toReference(spec: ResNetSpec, name: string | undefined): WeightsReference {
  const published = findWeights(spec.name, name ?? DEFAULT);
  if (published !== undefined) return published;
  if (name !== undefined) return name;
  const save = 'save a PyTorch model of yours with torch.save(model.state_dict(), FILE)';
  throw new UsageError(`--weights: expected a file with ${spec.name}'s weights, got none; ${save}`);
}

function isRemote(reference: string): boolean {
  return /^(hf:|https?:\/\/)/.test(reference);
}

/** A word without dots and slashes that is no file was meant as a name. */
function isUnknownName(error: unknown, name: string | undefined): boolean {
  const isWord = name !== undefined && /^[\w-]+$/.test(name);
  return isWord && WeightsSourceError.isInstance(error) && error.code === 'missing';
}

function unknownName(spec: ResNetSpec, name: string): UsageError {
  const names = listWeights(spec.name).map((weights) => weights.name);
  const known = names.length === 0 ? '' : `one of ${[DEFAULT, ...names].join(', ')}, `;
  return new UsageError(
    `--weights: ${name}: expected a weights file, ${known}hf:owner/name or an address, found none; check the path`,
  );
}

function presetOf(preprocessing: Preprocessing): Preset {
  if (preprocessing.kind === 'preset') return preprocessing.preset;
  return preprocessing.kind === 'timm'
    ? presetFromTimm(preprocessing.config)
    : presetFromHuggingFace(preprocessing.config);
}
