import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { akamasterScheme } from './akamaster.ts';
import { huggingFaceScheme } from './hugging-face.ts';
import type { KeySchemeName } from './key-scheme.ts';
import { timmScheme } from './timm.ts';
import { torchvisionScheme } from './torchvision.ts';

/** Entries under torchvision's names. */
export interface RenamedKeys<T> {
  readonly scheme: KeySchemeName;
  readonly entries: ReadonlyMap<string, T>;
  readonly notes: readonly string[];
}

/**
 * Takes off the prefixes that wrappers of models add, recognises the scheme, and renames to torchvision's names.
 * Keys that have no counterpart stay as they are, and the notes say so.
 *
 * @throws WeightsFormatError where two keys would get one name.
 */
export function renameKeys<T>(source: string, entries: ReadonlyMap<string, T>): RenamedKeys<T> {
  const notes: string[] = [];
  const bare = stripPrefixes(entries, notes);
  const keys = new Set(bare.keys());
  const schemes = [huggingFaceScheme(), akamasterScheme(), timmScheme(), torchvisionScheme()];
  const scheme = schemes.find((candidate) => candidate.matches(keys));
  if (scheme === undefined) {
    notes.push(`names of no known ResNet (${list([...keys])}); they stay as they are`);
    return { scheme: 'unknown', entries: bare, notes };
  }
  const renamed = new Map<string, T>();
  const unknown: string[] = [];
  for (const [key, value] of bare) {
    const name = scheme.toTorchvision(key);
    if (name === undefined) unknown.push(key);
    if (renamed.has(name ?? key)) {
      throw new WeightsFormatError('corrupt', source, `expected one tensor for ${name ?? key}, got two; rename one`);
    }
    renamed.set(name ?? key, value);
  }
  if (unknown.length > 0) notes.push(`names that no ResNet of torchvision's has: ${list(unknown)}`);
  return { scheme: scheme.name, entries: renamed, notes };
}

function stripPrefixes<T>(entries: ReadonlyMap<string, T>, notes: string[]): ReadonlyMap<string, T> {
  let bare = entries;
  const stripped: string[] = [];
  for (;;) {
    const keys = [...bare.keys()];
    const prefix = ['module.', '_orig_mod.'].find(
      (candidate) => keys.length > 0 && keys.every((key) => key.startsWith(candidate)),
    );
    if (prefix === undefined) break;
    bare = new Map([...bare].map(([key, value]) => [key.slice(prefix.length), value]));
    stripped.push(prefix);
  }
  if (stripped.length > 0) notes.push(`prefix '${stripped.join('')}' taken off the names`);
  return bare;
}

function list(keys: readonly string[]): string {
  const first = keys.slice(0, 3).map((key) => oneLine(key, 60));
  return `${first.join(', ')}${keys.length > 3 ? ` and ${keys.length - 3} more` : ''}`;
}
