import type { HuggingFaceConfig, Preset, TimmConfig } from '@residual/vision';
import type { PublishedWeights } from '../catalogue/published-weights.ts';
import type { ReadStateDictResult } from '../read-state-dict.ts';

/** How a publisher prepares pictures: as a preset, or as the configuration that `presetFromTimm` or `presetFromHuggingFace` reads. */
export type Preprocessing =
  | { readonly kind: 'preset'; readonly preset: Preset }
  | { readonly kind: 'timm'; readonly config: TimmConfig }
  | { readonly kind: 'huggingface'; readonly config: HuggingFaceConfig };

/** Weights in memory, and what their publisher says of them. */
export interface LoadedWeights extends ReadStateDictResult {
  /** What messages call them: the catalogue's id, the repository, the address or the file's name. */
  readonly source: string;
  /** The catalogue's entry, where it has one. */
  readonly published: PublishedWeights | undefined;
  /** The variant that they are of, where the publisher says it; a name of `@residual/resnet`, or one that is not built here. */
  readonly model: string | undefined;
  readonly preprocessing: Preprocessing | undefined;
  /** Names of the classes by index, where the repository states them. */
  readonly labels: readonly string[] | undefined;
  /** `undefined` for files, and where none is stated. */
  readonly licence: string | undefined;
  /** SHA-256 of the file that was downloaded, in hexadecimal. */
  readonly sha256: string | undefined;
}
