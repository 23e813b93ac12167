import type { ByteSource } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { dequantize, dequantizeChannels, widenFloat8 } from '../derived-tensors.ts';
import { itemSize } from '../dtype.ts';
import { swapBytes } from '../swap-bytes.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import {
  checkView,
  countElements,
  type StateDictIndex,
  type StorageRange,
  type TensorEntry,
  type WeightsFormat,
  type WeightsIndex,
} from '../weights-index.ts';
import { findStateDicts } from './find-state-dicts.ts';
import type { FoundTensor } from './found-tensor.ts';
import type { NumpyArray } from './numpy-array.ts';
import {
  FileBytes,
  type PickleObject,
  type PickleValue,
  type StorageReference,
  TensorReference,
} from './pickle-values.ts';
import { readPickledBytes } from './pickled-bytes.ts';
import type { ScriptAttributes } from './script-code.ts';
import { plainType } from './stored-type.ts';

/** Where a storage's bytes are; the same object for the same storage. */
export type Locate = (storage: StorageReference) => StorageRange | Promise<StorageRange>;

/**
 * Makes the index of a PyTorch file from what its pickle held; `locate` says where a storage's bytes are.
 *
 * @throws WeightsFormatError where a tensor reaches outside its storage, or a dict's overlapping tensors outgrow the file.
 */
export async function indexTensors(
  source: ByteSource,
  format: WeightsFormat,
  root: PickleValue,
  locate: Locate,
  script: ScriptAttributes = new Map(),
): Promise<WeightsIndex> {
  const { dicts, facts, notes } = findStateDicts(source.name, root, script);
  const entries = new EntryTable(source, locate);
  const stateDicts: StateDictIndex[] = [];
  for (const { path, tensors: found } of dicts) {
    const tensors = new Map<string, TensorEntry>();
    const counted = new Set<TensorEntry>();
    let bytesLeft = source.sizeBytes;
    for (const [name, tensor] of found) {
      const entry = await entries.entryOf(name, tensor);
      tensors.set(name, entry);
      if (counted.has(entry)) continue;
      counted.add(entry);
      bytesLeft -= countElements(tensor.shape) * itemSize(plainType(tensor.type));
      if (bytesLeft < 0) throw tooLarge(source, name);
    }
    stateDicts.push({ path, tensors });
  }
  return { format, stateDicts, facts, metadata: {}, notes };
}

/** Entries of tensors, the same one for the same view of the same storage. */
class EntryTable {
  readonly #source: ByteSource;
  readonly #locate: Locate;
  readonly #known = new Map<TensorReference | PickleObject, TensorEntry>();
  readonly #views = new Map<StorageRange, Map<string, TensorEntry>>();

  constructor(source: ByteSource, locate: Locate) {
    this.#source = source;
    this.#locate = locate;
  }

  /** @throws WeightsFormatError (`corrupt`) where the tensor reaches outside its storage. */
  async entryOf(name: string, tensor: FoundTensor): Promise<TensorEntry> {
    const identity = tensor instanceof TensorReference ? tensor : tensor.object;
    let entry = this.#known.get(identity);
    if (entry === undefined) {
      entry = tensor instanceof TensorReference ? await this.#ofTorch(name, tensor) : this.#ofNumpy(name, tensor);
      this.#known.set(identity, entry);
    }
    return entry;
  }

  async #ofTorch(name: string, tensor: TensorReference): Promise<TensorEntry> {
    const { type, quantizer, shape } = tensor;
    const raw = await this.#viewOf(name, tensor);
    if (type === 'float8_e4m3fn' || type === 'float8_e5m2') return widenFloat8(this.#source, type, raw);
    if (quantizer === undefined) return raw;
    if ('scale' in quantizer) return dequantize(this.#source, raw, quantizer);
    const { scales, zeroPoints, axis } = quantizer;
    const channels = shape[axis];
    if (
      channels === undefined ||
      countElements(scales.shape) !== channels ||
      countElements(zeroPoints.shape) !== channels
    ) {
      const text = `${name}: expected a scale and a zero point for each of ${channels} channels, got [${scales.shape}] and [${zeroPoints.shape}]`;
      throw corruptFile(this.#source, text);
    }
    return dequantizeChannels(this.#source, raw, {
      scales: await this.#viewOf(name, scales),
      zeroPoints: await this.#viewOf(name, zeroPoints),
      axis,
    });
  }

  async #viewOf(name: string, { storage, type, offset, shape, stride }: TensorReference): Promise<TensorEntry> {
    const range = storage.range ?? (await this.#locate(storage));
    const views = this.#views.get(range) ?? new Map<string, TensorEntry>();
    this.#views.set(range, views);
    const dtype = plainType(type);
    const view = [dtype, offset + storage.viewOffset, shape, stride].join('|');
    let entry = views.get(view);
    if (entry === undefined) {
      entry = { dtype, shape, stride, offset: offset + storage.viewOffset, storage: range };
      checkView(this.#source.name, name, entry);
      views.set(view, entry);
    }
    return entry;
  }

  #ofNumpy(name: string, array: NumpyArray): TensorEntry {
    const { type, shape, stride } = array;
    const sizeBytes = countElements(shape) * itemSize(type);
    const held = array.bytes instanceof FileBytes ? array.bytes.sizeBytes : array.bytes.byteLength;
    // A byte takes one or two of a text's.
    const isText = array.bytes instanceof FileBytes && array.bytes.kind === 'latin1';
    if (isText ? sizeBytes > held || 2 * sizeBytes < held : sizeBytes !== held) {
      const text = `${name}: expected ${sizeBytes} bytes for ${type} [${shape}], got ${held}`;
      throw corruptFile(this.#source, text);
    }
    const entry = { dtype: type, shape, stride, offset: 0, storage: storageOf(this.#source, array, sizeBytes) };
    checkView(this.#source.name, name, entry);
    return entry;
  }
}

function storageOf(source: ByteSource, { bytes, isBigEndian, type }: NumpyArray, sizeBytes: number): StorageRange {
  const isPlain = bytes instanceof FileBytes && bytes.kind === 'bytes';
  if (isPlain && !isBigEndian) return { offset: bytes.offset, sizeBytes };
  return {
    sizeBytes,
    read: async () => {
      const stored = await readPickledBytes(source, bytes);
      return isBigEndian ? swapBytes(stored, itemSize(type)) : stored;
    },
  };
}

function tooLarge(source: ByteSource, name: string): WeightsFormatError {
  const text = `${name}: expected tensors of at most the file's ${source.sizeBytes} bytes, got overlapping views of more; clone() them before saving`;
  return new WeightsFormatError('too-large', source.name, text);
}
