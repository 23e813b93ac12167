import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { type PickleDict, type PickleValue, TensorReference } from './pickle-values.ts';

/** The tensors of a checkpoint by name, and what was opened and left out to get at them. */
export interface FoundStateDict {
  readonly tensors: ReadonlyMap<string, TensorReference>;
  readonly notes: readonly string[];
}

const maxDepth = 3;

/**
 * Finds the state dict in what a file holds: the value itself, or inside a wrapper such as `{state_dict: …}`.
 *
 * @throws WeightsFormatError (`no-tensors`) with what was found instead.
 */
export function findStateDict(source: string, root: PickleValue): FoundStateDict {
  const notes: string[] = [];
  let value = root;
  for (let depth = 0; depth < maxDepth && value instanceof Map; depth++) {
    const tensors = tensorsOf(value);
    const wrapper = findWrapper(value);
    // A checkpoint may keep a lone tensor (the best precision) beside its state dict.
    if (tensors.size > 0 && (wrapper === undefined || tensors.size > wrapper.tensorCount)) {
      if (tensors.size < value.size) notes.push(`left out, being no tensors: ${listKeys(value, isNoTensor)}`);
      return { tensors, notes };
    }
    if (wrapper === undefined) break;
    const rest = listKeys(value, (_, key) => key !== wrapper.key);
    notes.push(`read from '${wrapper.key}' of the checkpoint${rest === '' ? '' : `, which also has ${rest}`}`);
    value = wrapper.dict;
  }
  const text = `expected tensors by name, got ${describe(value)}; save the weights alone, with torch.save(model.state_dict(), path)`;
  throw new WeightsFormatError('no-tensors', source, text);
}

interface Wrapper {
  readonly key: string;
  readonly dict: PickleDict;
  readonly tensorCount: number;
}

/** The usual names first, the trained weights before their average; else the only entry that holds tensors. */
function findWrapper(dict: PickleDict): Wrapper | undefined {
  const names = [
    'state_dict',
    'model_state_dict',
    'model_state',
    'model',
    'net',
    'network',
    'weights',
    'params',
    'state_dict_ema',
    'model_ema',
    'ema',
  ];
  const wrappers = new Map<string, Wrapper>();
  const counts = new Map<PickleDict, number>(); // one dict may stand under a million names
  for (const [key, inner] of dict) {
    if (typeof key !== 'string' || !(inner instanceof Map)) continue;
    const tensorCount = counts.get(inner) ?? tensorsOf(inner).size;
    counts.set(inner, tensorCount);
    const isNested = names.some((name) => inner.get(name) instanceof Map);
    if (tensorCount > 0 || isNested) wrappers.set(key, { key, dict: inner, tensorCount });
  }
  const named = names.find((name) => wrappers.has(name));
  if (named !== undefined) return wrappers.get(named);
  return wrappers.size === 1 ? [...wrappers.values()][0] : undefined;
}

function tensorsOf(dict: PickleDict): Map<string, TensorReference> {
  const tensors = new Map<string, TensorReference>();
  for (const [key, value] of dict) {
    if (typeof key === 'string' && value instanceof TensorReference) tensors.set(key, value);
  }
  return tensors;
}

function isNoTensor(value: PickleValue): boolean {
  return !(value instanceof TensorReference);
}

function listKeys(dict: PickleDict, isListed: (value: PickleValue, key: PickleValue) => boolean): string {
  const keys = [...dict].filter(([key, value]) => isListed(value, key)).map(([key]) => printable(key));
  return keys.length > 4 ? `${keys.slice(0, 4).join(', ')} and ${keys.length - 4} more` : keys.join(', ');
}

function describe(value: PickleValue): string {
  if (value instanceof TensorReference) return 'one tensor without a name';
  if (value instanceof Map) {
    if (value.size === 0) return 'an empty dict';
    const inner = [...value.values()][0];
    const of = inner instanceof Map && inner.size > 0 ? ` (each a dict of ${listKeys(inner, () => true)})` : '';
    return `a dict of ${listKeys(value, () => true)}${of}`;
  }
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'None' : `a ${value instanceof Object ? 'value of another kind' : typeof value}`;
}

function printable(key: PickleValue): string {
  if (typeof key === 'string') return oneLine(key, 60);
  return typeof key === 'number' ? String(key) : '?';
}
