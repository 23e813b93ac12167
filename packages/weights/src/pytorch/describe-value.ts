import { oneLine } from '../one-line.ts';
import { PickleObject, type PickleValue, TensorReference } from './pickle-values.ts';

/** What a value is, for an error about what a file holds instead of weights. */
export function describeValue(value: PickleValue): string {
  if (value instanceof TensorReference) return 'one tensor without a name';
  if (value instanceof PickleObject) return `an object of ${oneLine(value.name, 80)}`;
  if (value instanceof Map) {
    if (value.size === 0) return 'an empty dict';
    const inner = [...value.values()][0];
    const of = inner instanceof Map && inner.size > 0 ? ` (each a dict of ${listKeys([...inner.keys()])})` : '';
    return `a dict of ${listKeys([...value.keys()])}${of}`;
  }
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'None' : `a ${value instanceof Object ? 'value of another kind' : typeof value}`;
}

/** The first keys, and how many more there are. */
export function listKeys(keys: readonly PickleValue[]): string {
  const shown = keys.slice(0, 4).map(printable).join(', ');
  return keys.length > 4 ? `${shown} and ${keys.length - 4} more` : shown;
}

function printable(key: PickleValue): string {
  if (typeof key === 'string') return oneLine(key, 60);
  return typeof key === 'number' ? String(key) : '?';
}
