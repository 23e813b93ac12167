import type { HuggingFaceConfig, Preset, TimmConfig } from '@residual/vision';
import type { PublishedWeights } from '../catalogue/published-weights.ts';
import type { NetworkHints } from '../networks/found-network.ts';
import type { ReadStateDictResult } from '../read-state-dict.ts';

/** How a publisher prepares pictures: as a preset, or as the configuration that `presetFromTimm` or `presetFromHuggingFace` reads. */
export type Preprocessing =
  | { readonly kind: 'preset'; readonly preset: Preset }
  | { readonly kind: 'timm'; readonly config: TimmConfig }
  | { readonly kind: 'huggingface'; readonly config: HuggingFaceConfig };

/** What changes a network without changing its tensors' names and shapes. */
export type StatedArchitecture = Pick<NetworkHints, 'strideIn' | 'outputStride' | 'epsilon' | 'activation'>;

/** Weights in memory, and what their publisher says of them. */
export interface LoadedWeights extends ReadStateDictResult {
  /** What messages call them: the catalogue's id, the repository's reference, the address or the file's path or name. */
  readonly source: string;
  /** The catalogue's entry, where it has one. */
  readonly published: PublishedWeights | undefined;
  /** The variant that they are of, where the publisher, or a configuration beside the file, says it; a name of `@residual/resnet`, or one that is not built here. */
  readonly model: string | undefined;
  /** What the configurations beside the file say of the network; what the file itself says is in `hints`. */
  readonly architecture: StatedArchitecture;
  readonly preprocessing: Preprocessing | undefined;
  /** Names of the classes by index, where the configurations beside the file state them. */
  readonly labels: readonly string[] | undefined;
  /** `undefined` for files, and where none is stated. */
  readonly licence: string | undefined;
  /** SHA-256 of the file that was downloaded, in hexadecimal; `undefined` for files of one's own and for shards. */
  readonly sha256: string | undefined;
}
