import { type ByteSource, checkRange, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileRange, WeightsIndex } from '../weights-index.ts';
import { indexTensors } from './index-tensors.ts';
import { loadPersistentId } from './persistent-id.ts';
import { PickleError } from './pickle-error.ts';
import { type PickleValue, StorageReference } from './pickle-values.ts';
import { readPickle } from './read-pickle.ts';
import { StepBudget } from './step-budget.ts';
import { storedItemSize } from './stored-type.ts';

const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** What a file of `torch.save` holds, and where its storages are. */
export interface LegacyFile {
  readonly value: PickleValue;
  /** @throws WeightsFormatError (`corrupt`) for a storage that the file doesn't list. */
  locate(storage: StorageReference): FileRange;
}

/**
 * Indexes a file that begins with a pickle: the container of torch 0.1.10 to 1.5, or a plain pickle of arrays.
 *
 * @throws WeightsFormatError for a file that is damaged, or holds no tensors.
 */
export async function readPickleFileIndex(source: ByteSource): Promise<WeightsIndex> {
  const first = await readPickle(source, 0, source.sizeBytes, refuseId);
  if (first.value !== legacyMagic) return indexTensors(source, 'pickle', first.value, refuseStorage);
  const { value, locate } = await readLegacyFile(source, new StepBudget());
  return indexTensors(source, 'pytorch-legacy', value, locate);
}

/**
 * Reads the container of torch 0.1.10 to 1.5: pickles of a magic number, the protocol, the machine, the object and the
 * storages' keys, then each storage as its number of elements and its bytes.
 *
 * @throws WeightsFormatError for a file that is damaged, or not written by `torch.save`.
 * @see torch/serialization.py `_legacy_save`
 */
export async function readLegacyFile(source: ByteSource, budget: StepBudget): Promise<LegacyFile> {
  const end = source.sizeBytes;
  const magic = await readPickle(source, 0, end, refuseId, budget);
  if (magic.value !== legacyMagic) throw corruptFile(source, 'expected a pickle written by torch.save');
  const protocol = await readPickle(source, magic.end, end, refuseId, budget);
  if (protocol.value !== 1001) throw corruptFile(source, 'expected protocol 1001 of torch.save');
  const system = await readPickle(source, protocol.end, end, refuseId, budget);
  if (system.value instanceof Map && system.value.get('little_endian') === false) {
    const text = 'expected little-endian data, got big-endian; save it again on a little-endian machine';
    throw new WeightsFormatError('unsupported', source.name, text);
  }

  const storages = new Map<string, StorageReference>();
  const loadPersistent = (id: PickleValue) => {
    const loaded = loadPersistentId(id);
    if (!(loaded instanceof StorageReference)) return loaded;
    const known = storages.get(loaded.key);
    if (known === undefined) storages.set(loaded.key, loaded);
    else if (known.type !== loaded.type || known.size !== loaded.size) {
      throw new PickleError('corrupt', `expected one size and type for storage ${loaded.key}`);
    }
    return loaded;
  };
  const object = await readPickle(source, system.end, end, loadPersistent, budget);
  const keys = await readPickle(source, object.end, end, refuseId, budget);
  const ranges = await locateStorages(source, keys.value, storages, keys.end);
  return {
    value: object.value,
    locate: ({ key }) => {
      const range = ranges.get(key);
      if (range === undefined) throw corruptFile(source, `storage ${key}: expected it among the file's keys`);
      return range;
    },
  };
}

async function locateStorages(
  source: ByteSource,
  keys: PickleValue,
  storages: ReadonlyMap<string, StorageReference>,
  start: number,
): Promise<Map<string, FileRange>> {
  if (!Array.isArray(keys)) throw corruptFile(source, 'expected a list of storage keys');
  const ranges = new Map<string, FileRange>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined || ranges.has(storage.key)) {
      throw corruptFile(source, 'expected each storage of the tensors once among the keys');
    }
    const what = `storage ${storage.key}`;
    const prefix = await readExactly(source, at, 8, what);
    const size = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigInt64(0, true));
    if (size !== storage.size)
      throw corruptFile(source, `${what}: expected ${storage.size} elements, got ${size}`, { offset: at });
    const sizeBytes = size * storedItemSize(storage.type);
    checkRange(source, at + 8, sizeBytes, what);
    ranges.set(storage.key, { offset: at + 8, sizeBytes });
    at += 8 + sizeBytes;
  }
  return ranges;
}

function refuseId(): never {
  throw new PickleError('corrupt', 'expected no persistent id here');
}

function refuseStorage(): never {
  throw new PickleError('corrupt', 'expected no storage outside the pickle');
}
