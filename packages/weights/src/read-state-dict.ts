import { type ByteSource, sourceFromBlob, sourceFromBytes } from './byte-source.ts';
import type { HostTensor, StateDict } from './host-tensor.ts';
import type { KeySchemeName } from './key-schemes/key-scheme.ts';
import { type ChosenNetwork, chooseNetwork } from './networks/choose-network.ts';
import type { NetworkHints } from './networks/found-network.ts';
import { readTensors } from './read-tensors.ts';
import { readWeightsIndex } from './read-weights-index.ts';
import { sourceFromUrl } from './url-source.ts';
import type { TensorEntry, WeightsFormat, WeightsIndex } from './weights-index.ts';

/** How to get at the bytes, and which of them. */
export interface ReadStateDictOptions {
  /** Which of several networks: its path, the start of it, or keys within it; default the first by the README's rule. */
  readonly entry?: string;
  /** What fetches a URL; default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Ends the reading between two tensors, and a download at once. */
  readonly signal?: AbortSignal;
}

/** Weights as PyTorch would have them, and what was done to get there. */
export interface ReadStateDictResult {
  /** Tensors in PyTorch's layout under the models' names; they may be views of bytes that were passed in. */
  readonly tensors: StateDict;
  readonly format: WeightsFormat;
  /** How the file itself named them. */
  readonly scheme: KeySchemeName;
  /** The file's own text entries (safetensors' `__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** For people: prefixes taken off, entries left out, which of several networks was taken. */
  readonly notes: readonly string[];
  /** Where the network hangs in the file: `state_dict.module.encoder_q`; empty where the file is the network. */
  readonly path: string;
  /** Paths of the file's other networks, which `entry` chooses. */
  readonly others: readonly string[];
  /** What the file itself says about the network beyond its tensors. */
  readonly hints: NetworkHints;
}

/**
 * Reads the residual network in a weights file, wherever in the file it hangs; what the file is, its bytes tell.
 * Nothing in it is executed. Half floats are widened to float32, and say so in `storedAs`. A file without a residual
 * network gives its largest state dict under its own names.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code, and for an unknown `entry`.
 * @throws WeightsSourceError where a URL cannot be fetched.
 */
export async function readStateDict(
  from: ByteSource | Uint8Array | ArrayBuffer | Blob | URL,
  options: ReadStateDictOptions = {},
): Promise<ReadStateDictResult> {
  const source = await openSource(from, options);
  return readIndexed(source, await readWeightsIndex(source), options);
}

/** As `readStateDict`, of what an index that is already made says. */
export async function readIndexed(
  source: ByteSource,
  index: WeightsIndex,
  options: ReadStateDictOptions,
): Promise<ReadStateDictResult> {
  const network = chooseNetwork(source, index, options.entry);
  const { path, scheme, others } = network;
  const tensors = await readAll(source, network.tensors, options.signal);
  const hints = await readHints(source, network, options.signal);
  const notes = [...index.notes, ...network.notes];
  return { tensors, format: index.format, scheme, metadata: index.metadata, notes, path, others, hints };
}

async function readAll(
  source: ByteSource,
  entries: ReadonlyMap<string, TensorEntry>,
  signal: AbortSignal | undefined,
): Promise<StateDict> {
  const tensors = new Map<string, HostTensor>();
  for await (const [name, tensor] of readTensors(source, entries)) {
    signal?.throwIfAborted();
    tensors.set(name, tensor);
  }
  return tensors;
}

async function readHints(
  source: ByteSource,
  { hints, normalisation }: ChosenNetwork,
  signal: AbortSignal | undefined,
): Promise<NetworkHints> {
  if (normalisation === undefined) return hints;
  const numbers = await readAll(source, new Map(Object.entries(normalisation)), signal);
  const [mean, std] = ['mean', 'std'].map((name) => Array.from(numbers.get(name)!.data, Number));
  return { ...hints, mean: mean!, std: std! };
}

async function openSource(
  from: ByteSource | Uint8Array | ArrayBuffer | Blob | URL,
  options: ReadStateDictOptions,
): Promise<ByteSource> {
  if (from instanceof URL) return sourceFromUrl(from, options);
  if (from instanceof Blob) return sourceFromBlob(from);
  if (from instanceof Uint8Array || from instanceof ArrayBuffer) return sourceFromBytes(from);
  return from;
}
