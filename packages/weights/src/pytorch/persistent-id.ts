import { PickleError } from './pickle-error.ts';
import { GlobalName, type PickleValue, StorageReference } from './pickle-values.ts';
import { isSize } from './tensor-sizes.ts';

/**
 * What `('storage', type, key, location, numel[, (view key, offset, size)])` stands for, or `('module', class, file,
 * text)`, with which old files name the classes of whole models.
 *
 * @throws PickleError for any other id.
 */
export function loadPersistentId(id: PickleValue): PickleValue {
  if (Array.isArray(id) && id[0] === 'module' && id[1] instanceof GlobalName) return id[1];
  if (!Array.isArray(id) || id[0] !== 'storage') {
    throw new PickleError('unsupported', 'expected a persistent id of a storage or a class, got another');
  }
  const [, type, key, , size, view] = id;
  const isType = type instanceof GlobalName && type.type !== undefined;
  if (isType && typeof key === 'string' && isSize(size)) {
    if (view === undefined || view === null) return new StorageReference(key, type.type!, size);
    const viewOffset = Array.isArray(view) ? view[1] : undefined;
    if (!isSize(viewOffset)) throw new PickleError('corrupt', 'expected a storage view with its offset');
    return new StorageReference(key, type.type!, size, viewOffset);
  }
  if (!isType && type instanceof GlobalName) {
    throw new PickleError('unsupported', `expected numbers, got a storage of ${type.name}`);
  }
  throw new PickleError('corrupt', 'expected an id with the storage type, its key and its size');
}
