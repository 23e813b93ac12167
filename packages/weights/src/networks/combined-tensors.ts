import type { ByteSource } from '../byte-source.ts';
import { deriveTensor } from '../derive-tensor.ts';
import type { HostData } from '../host-tensor.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { countElements, type TensorEntry } from '../weights-index.ts';

/**
 * Joins what PyTorch's reparametrisations keep in pairs: `weight_orig` and `weight_mask` of pruning, `weight_g` and
 * `weight_v` of weight normalisation over the outputs (newer: `parametrizations.weight.original0` and `1`).
 * Others, such as spectral normalisation, stay under their own names.
 */
export function combineTensors(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorEntry>,
): ReadonlyMap<string, TensorEntry> {
  const products = new Map<string, TensorEntry | undefined>(); // undefined for what has gone into a product
  for (const [name, entry] of tensors) {
    const pair = pairOf(name);
    const by = pair === undefined ? undefined : tensors.get(pair.by);
    if (pair === undefined || by === undefined || !canScale(pair.how, entry, by)) continue;
    products.set(name, product(source, pair, entry, by)).set(pair.by, undefined);
  }
  if (products.size === 0) return tensors;
  const combined = new Map<string, TensorEntry>();
  for (const [name, entry] of tensors) {
    const made = products.get(name);
    if (made !== undefined) combined.set(pairOf(name)!.name, made);
    else if (!products.has(name)) combined.set(name, entry);
  }
  return combined;
}

interface Pair {
  readonly name: string;
  readonly by: string;
  readonly how: 'mask' | 'weight-norm';
}

function pairOf(name: string): Pair | undefined {
  if (name.endsWith('_orig')) {
    const base = name.slice(0, -'_orig'.length);
    return { name: base, by: `${base}_mask`, how: 'mask' };
  }
  if (name.endsWith('.weight_v')) {
    const base = name.slice(0, -'_v'.length);
    return { name: base, by: `${base}_g`, how: 'weight-norm' };
  }
  const parametrized = '.parametrizations.weight.original1';
  if (!name.endsWith(parametrized)) return undefined;
  const by = `${name.slice(0, -1)}0`;
  return { name: `${name.slice(0, -parametrized.length)}.weight`, by, how: 'weight-norm' };
}

function canScale(how: Pair['how'], { shape }: TensorEntry, by: TensorEntry): boolean {
  if (how === 'mask') return String(shape) === String(by.shape);
  return by.shape.length === shape.length && by.shape[0] === shape[0] && countElements(by.shape) === shape[0];
}

function product(source: ByteSource, { how }: Pair, entry: TensorEntry, by: TensorEntry): TensorEntry {
  return deriveTensor(source, [entry, by], ([data, factors], name) => {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      const text = `${name}: expected a pair of floats, got ${data!.constructor.name}; remove the parametrisation before saving`;
      throw new WeightsFormatError('unsupported', source.name, text);
    }
    const values = data.slice(); // the file's own bytes stay as they are
    if (how === 'mask') for (let i = 0; i < values.length; i++) values[i]! *= Number(factors![i]);
    else scaleFilters(values, factors!);
    return values;
  });
}

function scaleFilters(values: Float32Array | Float64Array, lengths: HostData): void {
  const size = values.length / Math.max(lengths.length, 1);
  for (let index = 0; index < lengths.length; index++) {
    const filter = values.subarray(index * size, (index + 1) * size);
    const scale = Number(lengths[index]) / length(filter);
    for (let i = 0; i < filter.length; i++) filter[i]! *= scale;
  }
}

function length(values: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
