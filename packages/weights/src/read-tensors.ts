import type { ByteSource } from './byte-source.ts';
import { makeCrc32 } from './crc32.ts';
import { itemSize, toHostTensor } from './dtype.ts';
import { makeHalfTable } from './half.ts';
import type { HostTensor } from './host-tensor.ts';
import { readStorage } from './read-storage.ts';
import { copyView } from './strided-view.ts';
import { countElements, isContiguous, type StorageRange, type TensorEntry } from './weights-index.ts';

/**
 * Reads tensors that an index names one after the other, so that no more than two storages are held beside those given out:
 * while one is waited for, the next is read too. A storage that several tensors lie in is read once; names of the very same view get the very same tensor.
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
  const reads = readsInOrder(tensors, (storage, name) => readStorage(source, storage, name, crc32));
  const sharedTensors = new Map<TensorEntry, HostTensor>();

  for (const [name, entry] of tensors) {
    const { storage, dtype, shape } = entry;
    let tensor = sharedTensors.get(entry);
    if (tensor === undefined) {
      const bytes = storages.get(storage) ?? (await reads(storage));
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

/** Hands out the storages in the order of the tensors, each once; a range of the file is read while the one before is waited for. */
function readsInOrder(
  tensors: ReadonlyMap<string, TensorEntry>,
  read: (storage: StorageRange, name: string) => Promise<Uint8Array>,
): (storage: StorageRange) => Promise<Uint8Array> {
  const names = new Map<StorageRange, string>();
  for (const [name, { storage }] of tensors) if (!names.has(storage)) names.set(storage, name);
  const order = [...names];
  const started = new Map<StorageRange, Promise<Uint8Array>>();
  let next = 0;
  const start = (): void => {
    const [storage, name] = order[next++]!;
    const bytes = read(storage, name);
    // Who waits for it hears of a failure, if anybody comes to that.
    bytes.catch(() => undefined);
    started.set(storage, bytes);
  };
  return (storage) => {
    if (!started.has(storage)) start();
    const ahead = order[next]?.[0];
    if (ahead !== undefined && 'offset' in ahead) start();
    const bytes = started.get(storage)!;
    started.delete(storage);
    return bytes;
  };
}
