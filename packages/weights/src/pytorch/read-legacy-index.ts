import { type ByteSource, checkRange, readExactly } from '../byte-source.ts';
import { itemSize } from '../dtype.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { StorageRange, WeightsIndex } from '../weights-index.ts';
import { indexTensors } from './index-tensors.ts';
import { PickleError } from './pickle-error.ts';
import type { PickleValue, StorageReference } from './pickle-values.ts';
import { readPickle } from './read-pickle.ts';
import { loadStorageReference } from './storage-reference.ts';

/**
 * Indexes the container of torch 0.1.10 to 1.5: pickles of a magic number, the protocol, the machine, the object and
 * the storages' keys, then each storage as its number of elements and its bytes.
 *
 * @throws WeightsFormatError for a file that is damaged, or not written by `torch.save`.
 * @see torch/serialization.py `_legacy_save`
 */
export async function readLegacyIndex(source: ByteSource): Promise<WeightsIndex> {
  const end = source.sizeBytes;
  const magic = await readPickle(source, 0, end, refuseId);
  if (magic.value !== 0x1950a86a20f9469cfc6cn) {
    const text = 'expected a pickle written by torch.save, got another; save with torch.save(model.state_dict(), path)';
    throw new WeightsFormatError('not-weights', source.name, text);
  }
  const protocol = await readPickle(source, magic.end, end, refuseId);
  if (protocol.value !== 1001) throw corrupt(source, 'expected protocol 1001 of torch.save');
  const system = await readPickle(source, protocol.end, end, refuseId);
  if (system.value instanceof Map && system.value.get('little_endian') === false) {
    const text = 'expected little-endian data, got big-endian; save it again on a little-endian machine';
    throw new WeightsFormatError('unsupported', source.name, text);
  }

  const storages = new Map<string, StorageReference>();
  const object = await readPickle(source, system.end, end, (id) => {
    const storage = loadStorageReference(id);
    const known = storages.get(storage.key);
    if (known === undefined) storages.set(storage.key, storage);
    else if (known.dtype !== storage.dtype || known.size !== storage.size) {
      throw new PickleError('corrupt', `expected one size and type for storage ${storage.key}`);
    }
    return storage;
  });
  const keys = await readPickle(source, object.end, end, refuseId);
  const ranges = await locateStorages(source, keys.value, storages, keys.end);
  return indexTensors(source, 'pytorch-legacy', object.value, ({ key }) => {
    const range = ranges.get(key);
    if (range === undefined) throw corrupt(source, `storage ${key}: expected it among the file's keys`);
    return range;
  });
}

async function locateStorages(
  source: ByteSource,
  keys: PickleValue,
  storages: ReadonlyMap<string, StorageReference>,
  start: number,
): Promise<Map<string, StorageRange>> {
  if (!Array.isArray(keys)) throw corrupt(source, 'expected a list of storage keys');
  const ranges = new Map<string, StorageRange>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined || ranges.has(storage.key)) {
      throw corrupt(source, 'expected each storage of the tensors once among the keys');
    }
    const what = `storage ${storage.key}`;
    const prefix = await readExactly(source, at, 8, what);
    const size = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigInt64(0, true));
    if (size !== storage.size) throw corrupt(source, `${what}: expected ${storage.size} elements, got ${size}`, at);
    const sizeBytes = size * (storage.dtype === 'untyped' ? 1 : itemSize(storage.dtype));
    checkRange(source, at + 8, sizeBytes, what);
    ranges.set(storage.key, { offset: at + 8, sizeBytes });
    at += 8 + sizeBytes;
  }
  return ranges;
}

function refuseId(): never {
  throw new PickleError('corrupt', 'expected no persistent id here');
}

function corrupt(source: ByteSource, text: string, offset?: number): WeightsFormatError {
  const options = offset === undefined ? {} : { offset };
  return new WeightsFormatError('corrupt', source.name, `${text}; the file is corrupt, fetch it again`, options);
}
