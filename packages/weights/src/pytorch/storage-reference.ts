import { PickleError } from './pickle-error.ts';
import { AllowedGlobal, type PickleValue, StorageReference } from './pickle-values.ts';

/**
 * What `('storage', type, key, location, numel[, (view key, offset, size)])` stands for.
 *
 * @throws PickleError for any other id; whole modules are saved as `('module', …)`.
 */
export function loadStorageReference(id: PickleValue): StorageReference {
  if (!Array.isArray(id) || id[0] !== 'storage') {
    throw new PickleError('unsupported', 'expected a persistent id of a storage, got another (a whole module?)');
  }
  const [, type, key, , size, view] = id;
  const isType = type instanceof AllowedGlobal && type.dtype !== undefined;
  if (!isType || typeof key !== 'string' || !isSize(size)) {
    throw new PickleError('corrupt', 'expected an id with the storage type, its key and its size');
  }
  if (view === undefined || view === null) return new StorageReference(key, type.dtype!, size);
  const viewOffset = Array.isArray(view) ? view[1] : undefined;
  if (!isSize(viewOffset)) throw new PickleError('corrupt', 'expected a storage view with its offset');
  return new StorageReference(key, type.dtype!, size, viewOffset);
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
