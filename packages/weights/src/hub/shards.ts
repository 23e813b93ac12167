import type { ByteSource } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { StorageRange, TensorEntry, WeightsIndex } from '../weights-index.ts';
import type { FileFolder } from './file-folder.ts';
import { HubError } from './hub-error.ts';
import { isObject, type JsonObject } from './json-file.ts';

/** Which file has which tensor of a model that was saved in several files. */
export interface ShardIndex {
  /** What messages call the index. */
  readonly name: string;
  /** File by tensor's name. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** The files, each once. */
  readonly files: readonly string[];
}

/**
 * The index of shards that a file is, or that the file is named in as one of them; `undefined` for a file of its own.
 *
 * @throws WeightsFormatError for a file that is called an index of shards and is none.
 * @throws HubError (`not-found`) where one of the shards is not there.
 * @see https://huggingface.co/docs/transformers/big_models
 */
export async function findShards(folder: FileFolder, file: string): Promise<ShardIndex | undefined> {
  if (file.endsWith('.index.json')) {
    const index = parseIndex(folder.nameOf(file), await folder.readJson(file));
    await checkPresence(folder, index);
    return index;
  }
  const [, stem, ending] = /^(.+)-\d{5}-of-\d{5}\.(\w+)$/.exec(file) ?? [];
  if (stem === undefined) return undefined;
  const name = `${stem}.${ending}.index.json`;
  const json = await folder.readJson(name);
  if (json === undefined) return undefined;
  const index = parseIndex(folder.nameOf(name), json);
  if (!index.files.includes(file)) return undefined;
  await checkPresence(folder, index);
  return index;
}

function parseIndex(name: string, json: JsonObject | undefined): ShardIndex {
  const weightMap = json?.['weight_map'];
  if (!isObject(weightMap) || Object.keys(weightMap).length === 0) {
    const text = 'expected an index of shards ({"weight_map": {tensor: file}}), got something else; name the weights';
    throw new WeightsFormatError('not-weights', name, text);
  }
  const entries = Object.entries(weightMap);
  for (const [tensor, file] of entries) {
    if (typeof file === 'string' && /^[^/\\:]+$/.test(file) && !/^\.+$/.test(file)) continue;
    const text = `${tensor}: expected the name of a file beside the index, got ${JSON.stringify(file).slice(0, 60)}; the index is corrupt`;
    throw new WeightsFormatError('corrupt', name, text);
  }
  const checked = new Map(entries as [string, string][]);
  return { name, weightMap: checked, files: [...new Set(checked.values())] };
}

async function checkPresence(folder: FileFolder, { name, files }: ShardIndex): Promise<void> {
  const listing = await folder.list();
  const missing = files.filter((file) => !listing.files.has(file));
  if (missing.length === 0) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  const text = `expected ${files.length} shards beside it, but ${missing[0]}${more} is not there; fetch it too`;
  throw new HubError('not-found', name, text);
}

/** A file of a model that was saved in several, and what it holds. */
export interface Shard {
  readonly file: string;
  readonly source: ByteSource;
  readonly index: WeightsIndex;
}

/**
 * Shards as one file: their bytes one after the other, and the union of their tensors.
 *
 * @throws WeightsFormatError (`corrupt`) for a name in two shards, or a tensor that is not in the shard that the index says.
 */
export function joinShards(
  { name, weightMap }: ShardIndex,
  shards: readonly Shard[],
): { source: ByteSource; index: WeightsIndex } {
  const owners = new Map<string, string>();
  const dicts = new Map<string, Map<string, TensorEntry>>();
  let start = 0;
  for (const { file, source, index } of shards) {
    const move = mover(start);
    for (const { path, tensors } of index.stateDicts) {
      const dict = dicts.get(path) ?? new Map<string, TensorEntry>();
      dicts.set(path, dict);
      for (const [tensor, entry] of tensors) {
        if (dict.has(tensor)) {
          const text = `${tensor}: expected it in one shard, got it in ${owners.get(tensor)} and ${file}; the files are of two models`;
          throw new WeightsFormatError('corrupt', name, text);
        }
        owners.set(tensor, file);
        dict.set(tensor, move(entry));
      }
    }
    start += source.sizeBytes;
  }
  for (const [tensor, file] of weightMap) {
    if (owners.get(tensor) === file) continue;
    const text = `${tensor}: expected it in ${file}, got ${owners.get(tensor) ?? 'no such tensor'}; fetch the shard again`;
    throw new WeightsFormatError('corrupt', name, text);
  }
  const indices = shards.map(({ index }) => index);
  return {
    source: concatenated(name, shards),
    index: {
      format: indices[0]!.format,
      stateDicts: [...dicts].map(([path, tensors]) => ({ path, tensors })),
      facts: new Map(indices.flatMap(({ facts }) => [...facts])),
      metadata: Object.assign({}, ...indices.map(({ metadata }) => metadata)),
      notes: [`${shards.length} shards`, ...new Set(indices.flatMap(({ notes }) => notes))],
    },
  };
}

/** Moves entries to where their shard begins; what shares a storage goes on sharing it. */
function mover(start: number): (entry: TensorEntry) => TensorEntry {
  const storages = new Map<StorageRange, StorageRange>();
  const entries = new Map<TensorEntry, TensorEntry>();
  return (entry) => {
    const { storage } = entry;
    const moved =
      storages.get(storage) ?? ('read' in storage ? storage : { ...storage, offset: storage.offset + start });
    storages.set(storage, moved);
    const known = entries.get(entry) ?? { ...entry, storage: moved };
    entries.set(entry, known);
    return known;
  };
}

function concatenated(name: string, shards: readonly Shard[]): ByteSource {
  const sizeBytes = shards.reduce((sum, { source }) => sum + source.sizeBytes, 0);
  return {
    name,
    sizeBytes,
    async read(offset, length) {
      let start = 0;
      for (const { source } of shards) {
        if (offset < start + source.sizeBytes) return source.read(offset - start, length);
        start += source.sizeBytes;
      }
      return new Uint8Array(0);
    },
  };
}
