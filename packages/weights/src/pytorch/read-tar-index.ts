import { type ByteSource, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileRange, WeightsIndex } from '../weights-index.ts';
import { indexTensors } from './index-tensors.ts';
import { PickleError } from './pickle-error.ts';
import { GlobalName, type PickleValue, StorageReference, TensorReference } from './pickle-values.ts';
import { readPickle } from './read-pickle.ts';
import { storedItemSize } from './stored-type.ts';
import { readTarEntries } from './tar-entries.ts';
import { isSize } from './tensor-sizes.ts';

/**
 * Indexes the container of torch before 0.1.10: a tar of `storages`, `tensors` (views of them) and `pickle`.
 *
 * @throws WeightsFormatError for a tar that is damaged, or not written by `torch.save`.
 * @see torch/serialization.py `legacy_load`
 */
export async function readTarIndex(source: ByteSource): Promise<WeightsIndex> {
  const entries = await readTarEntries(source);
  const entry = (name: string) => {
    const range = entries.get(name);
    if (range !== undefined) return range;
    const names = [...entries.keys()].slice(0, 3).map((file) => oneLine(file, 120));
    const text = `expected weights, got a tar of ${names.join(', ') || 'nothing'}; unpack it and pass the weights file in it`;
    throw new WeightsFormatError('not-weights', source.name, text);
  };
  const { references, ranges } = await readStorages(source, entry('storages'));
  const tensors = await readTensorViews(source, entry('tensors'), references);

  const range = entry('pickle');
  const { value } = await readPickle(source, range.offset, range.offset + range.sizeBytes, (id) => {
    const tensor = tensors.get(keyOf(id));
    if (tensor === undefined) throw new PickleError('corrupt', 'expected a persistent id of a tensor in the file');
    return tensor;
  });
  return indexTensors(source, 'pytorch-tar', value, ({ key }) => ranges.get(key)!);
}

interface Storages {
  /** By the key that tensors use, views among them. */
  readonly references: ReadonlyMap<string, StorageReference>;
  readonly ranges: ReadonlyMap<string, FileRange>;
}

async function readStorages(source: ByteSource, { offset, sizeBytes }: FileRange): Promise<Storages> {
  const end = offset + sizeBytes;
  const references = new Map<string, StorageReference>();
  const ranges = new Map<string, FileRange>();
  const count = await readPickle(source, offset, end, refuseId);
  let at = count.end;
  for (let i = 0; i < size(source, count.value, at); i++) {
    const header = await readPickle(source, at, end, refuseId);
    const [id, , type] = Array.isArray(header.value) ? header.value : [];
    const dtype = type instanceof GlobalName ? type.type : undefined;
    if (id === undefined || dtype === undefined || dtype === 'untyped') {
      throw corruptFile(source, 'storages: expected a key, a location and a type', { offset: at });
    }
    const key = keyOf(id);
    const prefix = await readWithin(source, header.end, 8, end, 'storages');
    const count = Number(prefix.getBigInt64(0, true));
    const range = { offset: header.end + 8, sizeBytes: count * storedItemSize(dtype) };
    checkWithin(source, range.offset, range.sizeBytes, end, 'storages');
    references.set(key, new StorageReference(key, dtype, count));
    ranges.set(key, range);
    at = range.offset + range.sizeBytes;
  }
  const views = await readPickle(source, at, end, refuseId);
  for (const view of Array.isArray(views.value) ? views.value : []) {
    const [target, root, start] = Array.isArray(view) ? view : [];
    const storage = root === undefined ? undefined : references.get(keyOf(root));
    if (target === undefined || storage === undefined || start === undefined) {
      throw corruptFile(source, 'storages: expected views of storages in the file', { offset: at });
    }
    const { key, type, size: count, viewOffset } = storage;
    references.set(keyOf(target), new StorageReference(key, type, count, viewOffset + size(source, start, at)));
  }
  return { references, ranges };
}

async function readTensorViews(
  source: ByteSource,
  { offset, sizeBytes }: FileRange,
  storages: ReadonlyMap<string, StorageReference>,
): Promise<Map<string, TensorReference>> {
  const end = offset + sizeBytes;
  const tensors = new Map<string, TensorReference>();
  const count = await readPickle(source, offset, end, refuseId);
  let at = count.end;
  for (let i = 0; i < size(source, count.value, at); i++) {
    const header = await readPickle(source, at, end, refuseId);
    const [key, storageKey] = Array.isArray(header.value) ? header.value : [];
    const storage = storageKey === undefined ? undefined : storages.get(keyOf(storageKey));
    if (key === undefined || storage === undefined || storage.type === 'untyped') {
      throw corruptFile(source, 'tensors: expected a key and a storage in the file', { offset: at });
    }
    const dimensions = (await readWithin(source, header.end, 8, end, 'tensors')).getInt32(0, true);
    if (dimensions < 0 || dimensions > 64)
      throw corruptFile(source, `tensors: expected 0 to 64 dimensions, got ${dimensions}`, { offset: at });
    const view = await readWithin(source, header.end + 8, 16 * dimensions + 8, end, 'tensors');
    const number = (index: number) => Number(view.getBigInt64(8 * index, true));
    const shape = Array.from({ length: dimensions }, (_, axis) => number(axis));
    const stride = Array.from({ length: dimensions }, (_, axis) => number(dimensions + axis));
    tensors.set(keyOf(key), new TensorReference(storage, storage.type, number(2 * dimensions), shape, stride));
    at = header.end + 8 + view.byteLength;
  }
  return tensors;
}

async function readWithin(
  source: ByteSource,
  at: number,
  length: number,
  end: number,
  what: string,
): Promise<DataView> {
  checkWithin(source, at, length, end, what);
  const bytes = await readExactly(source, at, length, what);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkWithin(source: ByteSource, at: number, length: number, end: number, what: string): void {
  if (length >= 0 && at + length <= end) return;
  throw corruptFile(source, `${what}: expected ${length} bytes before the entry's end, got ${end - at}`, {
    offset: at,
  });
}

/** Keys are the addresses that tensors had: numbers, or the same as text. */
function keyOf(value: PickleValue): string {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? String(value) : '';
}

function size(source: ByteSource, value: PickleValue, at: number): number {
  if (isSize(value)) return value;
  throw corruptFile(source, 'expected a count', { offset: at });
}

function refuseId(): never {
  throw new PickleError('corrupt', 'expected no persistent id here');
}
