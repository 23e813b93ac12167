import type { HostTensor } from '@residual/blocks';
import type { ByteSource } from './byte-source.ts';
import { makeCrc32 } from './crc32.ts';
import { itemSize, toHostTensor } from './dtype.ts';
import { makeHalfTable } from './half.ts';
import { readStorage } from './read-storage.ts';
import { copyView } from './strided-view.ts';
import { countElements, isContiguous, type StorageRange, type TensorEntry } from './weights-index.ts';

/**
 * Reads tensors that an index names one after the other, so that no more than one storage is held beside those given out.
 * A storage that several tensors lie in is read once; names of the very same view get the very same tensor.
 *
 * @throws WeightsFormatError where the bytes end early or their checksum differs.
 */
export async function* readTensors(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorEntry>,
): AsyncGenerator<[string, HostTensor]> {
  const uses = new Map<StorageRange | TensorEntry, number>();
  for (const entry of tensors.values()) {
    if (!uses.has(entry)) uses.set(entry.storage, (uses.get(entry.storage) ?? 0) + 1);
    uses.set(entry, (uses.get(entry) ?? 0) + 1);
  }
  const crc32 = makeCrc32();
  let table: Float32Array | undefined;
  const halfTable = () => {
    table ??= makeHalfTable();
    return table;
  };
  const storages = new Map<StorageRange, Uint8Array>();
  const sharedTensors = new Map<TensorEntry, HostTensor>();

  for (const [name, entry] of tensors) {
    const { storage, dtype, shape } = entry;
    let tensor = sharedTensors.get(entry);
    if (tensor === undefined) {
      const bytes = storages.get(storage) ?? (await readStorage(source, storage, name, crc32));
      const left = uses.get(storage)! - 1;
      uses.set(storage, left);
      if (left > 0) storages.set(storage, bytes);
      else storages.delete(storage);
      const sizeBytes = countElements(shape) * itemSize(dtype);
      const isWhole = left === 0 && entry.offset === 0 && sizeBytes === bytes.byteLength && isContiguous(entry);
      tensor = toHostTensor(dtype, shape, isWhole ? bytes : copyView(bytes, entry), halfTable);
      if (uses.get(entry)! > 1) sharedTensors.set(entry, tensor);
    }
    yield [name, tensor];
  }
}
