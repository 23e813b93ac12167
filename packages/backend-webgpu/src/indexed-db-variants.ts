import type { VariantMemory } from './plan/measure-variants.ts';

const STORE = 'variants';

/** Remembers variants in a page's IndexedDB, under `databaseName`. */
export function indexedDbVariants(databaseName = 'residual-webgpu'): VariantMemory {
  let database: Promise<IDBDatabase> | undefined;
  const store = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    database ??= openDatabase(databaseName);
    return (await database).transaction(STORE, mode).objectStore(STORE);
  };
  return {
    get: async (key) => (await finished((await store('readonly')).get(key))) as string | undefined,
    set: async (key, variant) => {
      await finished((await store('readwrite')).put(variant, key));
    },
  };
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return finished(request);
}

function finished<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
