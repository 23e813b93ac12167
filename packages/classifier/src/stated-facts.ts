import type { Preset } from '@residual/vision';
import type { ReadStateDictResult } from '@residual/weights';
import type { LoadedWeights } from '@residual/weights/hub';
import { type NetworkOptions, type NormalisationOptions, networkOptionsOf } from './network-options.ts';
import { presetOf } from './preset-of.ts';
import { fromMetadata } from './weights-metadata.ts';

/** What weights say of their own use, in the file or in a configuration beside it; the caller's word comes before all of it. */
export interface StatedFacts {
  /** The architecture's name. */
  readonly model: string | undefined;
  readonly network: NetworkOptions;
  /** Made when it is wanted: a configuration may describe what no preset can be. */
  readonly preset: (() => Preset) | undefined;
  readonly normalisation: NormalisationOptions;
  readonly labels: readonly string[] | undefined;
}

/**
 * The file's own entries (`toMetadata`) before its publisher's configuration, that before what a checkpoint happens to say.
 *
 * @throws ClassifierError for entries that are not what they should be.
 */
export function statedFacts(
  source: string,
  weights: ReadStateDictResult | undefined,
  loaded: LoadedWeights | undefined,
): StatedFacts {
  const own = fromMetadata(source, weights?.metadata ?? {});
  const hints = weights?.hints ?? {};
  const { preset } = own;
  const { preprocessing, published } = loaded ?? {};
  const { mean, std } = hints;
  return {
    model: own.model ?? loaded?.model ?? hints.model,
    network: networkOptionsOf({ ...hints, ...loaded?.architecture, ...own.network }),
    preset: preset ? () => preset : preprocessing && (() => presetOf(preprocessing)),
    normalisation: { ...(mean && { mean }), ...(std && { std }) },
    // ImageNet's thousand classes are called alike, whoever published the weights.
    labels: own.labels ?? (published?.classes === 'imagenet-1k' ? undefined : (loaded?.labels ?? hints.labels)),
  };
}
