import type { HostTensor, StateDict } from '@residual/blocks';
import { type ByteSource, sourceFromBlob, sourceFromBytes } from './byte-source.ts';
import { detectFormat } from './detect-format.ts';
import type { KeySchemeName } from './key-schemes/key-scheme.ts';
import { renameKeys } from './key-schemes/rename-keys.ts';
import { readLegacyIndex } from './pytorch/read-legacy-index.ts';
import { readTarIndex } from './pytorch/read-tar-index.ts';
import { readZipIndex } from './pytorch/read-zip-index.ts';
import { readTensors } from './read-tensors.ts';
import { readSafetensorsIndex } from './safetensors/read-safetensors-index.ts';
import { sourceFromUrl } from './url-source.ts';
import type { WeightsFormat, WeightsIndex } from './weights-index.ts';

/** How to get at the bytes. */
export interface ReadStateDictOptions {
  /** What fetches a URL; default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Ends the reading between two tensors, and a download at once. */
  readonly signal?: AbortSignal;
}

/** Weights as PyTorch would have them, and what was done to get there. */
export interface ReadStateDictResult {
  /** Tensors in PyTorch's layout under torchvision's names; they may be views of bytes that were passed in. */
  readonly tensors: StateDict;
  readonly format: WeightsFormat;
  /** How the file itself named them. */
  readonly scheme: KeySchemeName;
  /** The file's own text entries (safetensors' `__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** For people: wrappers opened, prefixes taken off, entries left out. */
  readonly notes: readonly string[];
}

/**
 * Reads a state dict from safetensors or from a file of `torch.save` (zip, legacy pickle or tar), told by its bytes.
 * Nothing in the file is executed. Half floats are widened to float32, and say so in `storedAs`.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 * @throws WeightsSourceError where a URL cannot be fetched.
 */
export async function readStateDict(
  from: ByteSource | Uint8Array | ArrayBuffer | Blob | URL,
  options: ReadStateDictOptions = {},
): Promise<ReadStateDictResult> {
  const source = await openSource(from, options);
  const index = await readWeightsIndex(source);
  const { scheme, entries, notes } = renameKeys(source.name, index.stateDicts[0]!.tensors);
  const tensors = new Map<string, HostTensor>();
  for await (const [name, tensor] of readTensors(source, entries)) {
    options.signal?.throwIfAborted();
    tensors.set(name, tensor);
  }
  return { tensors, format: index.format, scheme, metadata: index.metadata, notes: [...index.notes, ...notes] };
}

/**
 * Reads what a weights file holds (names, types, shapes, places), without the tensors.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 */
export async function readWeightsIndex(source: ByteSource): Promise<WeightsIndex> {
  const readers = {
    safetensors: readSafetensorsIndex,
    'pytorch-zip': readZipIndex,
    'pytorch-legacy': readLegacyIndex,
    'pytorch-tar': readTarIndex,
  } as const;
  return readers[await detectFormat(source)](source);
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
