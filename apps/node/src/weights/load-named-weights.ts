import { loadPretrained } from '@residual/classifier';
import { didYouMean } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { WeightsSourceError } from '@residual/weights';
import { DEFAULT, findWeights, listWeights } from '@residual/weights/catalogue';
import type { LoadedWeights, WeightsReference } from '@residual/weights/hub';
import { UsageError } from '../usage-error.ts';
import { downloadBar } from './download-bar.ts';

/** Which weights: one of the two is there. */
export interface WeightsFlags {
  readonly model?: string;
  /** A name of the catalogue, `hf:owner/name[@revision]`, an address, or a file or folder. */
  readonly weights?: string;
  /** Which network of a file that holds several. */
  readonly entry?: string;
}

/**
 * Weights by what `--weights` says; without, the catalogue's default of the model. What has to be downloaded is shown.
 *
 * @throws UsageError where there is no default, and for what is neither a name nor a file.
 * @throws UnknownModelError for a model that there is not.
 */
export async function loadNamedWeights(flags: WeightsFlags, signal: AbortSignal): Promise<LoadedWeights> {
  if (flags.model !== undefined) getSpec(flags.model);
  const reference = referenceOf(flags);
  const bar = downloadBar();
  try {
    const { entry } = flags;
    return await loadPretrained(reference, {
      ...(entry !== undefined && { entry }),
      signal,
      onProgress: bar.onProgress,
    });
  } catch (error) {
    throw isUnknownName(error, flags.weights) ? unknownName(flags) : error;
  } finally {
    bar.stop();
  }
}

function referenceOf({ model, weights }: WeightsFlags): WeightsReference {
  const published = model === undefined ? undefined : findWeights(model, weights ?? DEFAULT);
  if (published !== undefined) return published;
  // Not a model's name, which the library would take for the catalogue's.
  if (weights !== undefined) return /^\w+$/.test(weights) ? `./${weights}` : weights;
  const of = model === undefined ? 'weights' : `${model}'s weights`;
  const save = 'save a PyTorch model of yours with torch.save(model.state_dict(), FILE)';
  throw new UsageError(`--weights: expected a file with ${of}, got none; ${save}`);
}

/** A word without dots and slashes that is no file was meant as a name. */
function isUnknownName(error: unknown, name: string | undefined): boolean {
  const isWord = name !== undefined && /^[\w-]+$/.test(name);
  return isWord && WeightsSourceError.isInstance(error) && error.code === 'missing';
}

function unknownName({ model, weights }: WeightsFlags): UsageError {
  const names = model === undefined ? [] : listWeights(model).map(({ name }) => name);
  const meant = didYouMean(weights!, names);
  const known = names.length === 0 ? '' : `one of ${[DEFAULT, ...names].join(', ')}, `;
  return new UsageError(
    `--weights: ${weights}: expected a weights file, ${known}hf:owner/name or an address, found none${meant || '; check the path'}`,
  );
}
