import type { NativeExecutable } from './load-addon.ts';

/**
 * A folder of packed weights: a program whose weights, plan and addon are those of a file there maps it instead of
 * packing. Files hold numbers alone. Several processes may use the folder at once, and anything in it may be removed at
 * any time.
 */
export interface PackedWeightsCache {
  /** Made where it is not there, for its owner alone. */
  readonly folder: string;
  /** Of all files: those that were used longest ago go first. Default 2 GiB. */
  readonly limitBytes?: number;
  /** Told once where the folder cannot be written, which is no error. Default: a warning of the process. */
  readonly onNote?: (note: string) => void;
}

const LIMIT_BYTES = 2 * 2 ** 30;

/** Folders that were found not to be writable. */
const noted: Set<string> = /* @__PURE__ */ new Set();

/** Writes what the cache lacks of a program, beside its runs. */
export function keepPacked(native: NativeExecutable, cache: PackedWeightsCache): void {
  const { folder, limitBytes = LIMIT_BYTES, onNote = (note) => process.emitWarning(note) } = cache;
  native.store(limitBytes).catch(({ message }: Error) => {
    if (noted.has(folder)) return;
    noted.add(folder);
    onNote(`${folder}: packed weights could not be kept there (${message}); the next start packs them again`);
  });
}
