import type { KeySchemeName } from '../key-schemes/key-scheme.ts';
import type { TensorEntry } from '../weights-index.ts';

/** What a file itself says about a network beyond its tensors. */
export interface NetworkHints {
  /** The architecture's name as the file has it, e.g. `resnet50`. */
  readonly model?: string;
  /** Which convolution of a bottleneck has the stride; said only where the file tells. */
  readonly strideIn?: '1x1' | '3x3';
  readonly outputStride?: 8 | 16;
  /** Of batch norm. */
  readonly epsilon?: number;
  /** PyTorch's class, e.g. `SiLU`. */
  readonly activation?: string;
  /** Whether the stem ends in a max pooling. */
  readonly stemPool?: boolean;
  /** Names of the classes, from 0 on. */
  readonly labels?: readonly string[];
  /** Of the pictures, from a layer of the file that normalises them; one number or one per channel. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** A residual network found in a file. */
export interface FoundNetwork {
  /** Where it hangs, keys and prefix joined: `state_dict.module.encoder_q`; empty where the file is the network. */
  readonly path: string;
  readonly scheme: KeySchemeName;
  /** Its tensors by the models' own names, the head's under `fc.`; names without a counterpart stay as they are. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly hints: NetworkHints;
  /** Tensors `mean` and `std` of a layer that normalises the pictures, where the file has one. */
  readonly normalisation?: { readonly mean: TensorEntry; readonly std: TensorEntry };
  /** For people: the prefix taken off, what is beside, names left out, what the hints change. */
  readonly notes: readonly string[];
}
