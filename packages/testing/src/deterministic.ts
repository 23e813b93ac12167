/**
 * Weights and pictures that this file and tooling/golden/deterministic.py make alike, to the bit.
 *
 * Each value is a hash of its tensor's name and its index, so that tensors of any size are made without a sequence.
 */

/** `count` float64 in [0, 1): FNV-1a of the name, then murmur3's finaliser of each index. */
export function uniform(name: string, count: number): Float64Array {
  return fill(new Float64Array(count), name, { start: 0, span: 1, factor: 1 });
}

/** A float32 parameter in PyTorch's layout: convolutions OIHW, linear `[out, in]`. */
export function deterministicTensor(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return fill(new Float32Array(count), name, scaling(name, shape));
}

/** An NHWC picture in -1 … 1. */
export function deterministicPicture(shape: readonly [number, number, number, number]): Float32Array {
  return fill(new Float32Array(shape[0] * shape[1] * shape[2] * shape[3]), 'input', around(1));
}

/** Two numbers that any changed element changes: the norm, and the product with a deterministic vector. */
export function probe(name: string, values: Float32Array): [number, number] {
  const other = uniform(`probe ${name}`, values.length);
  let squares = 0;
  let product = 0;
  for (let i = 0; i < values.length; i++) {
    squares += values[i]! * values[i]!;
    product += values[i]! * (2 * other[i]! - 1);
  }
  return [Math.sqrt(squares), product];
}

/** What is made of a number `u`: `(start + span · u) · factor`. */
interface Scaling {
  readonly start: number;
  readonly span: number;
  readonly factor: number;
}

/** In one pass without a call for each number: the widest nets have hundreds of millions. */
function fill<T extends Float32Array | Float64Array>(values: T, name: string, { start, span, factor }: Scaling): T {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  for (let i = 0; i < values.length; i++) {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    values[i] = (start + span * (((h ^ (h >>> 16)) >>> 0) / 4294967296)) * factor;
  }
  return values;
}

function scaling(name: string, shape: readonly number[]): Scaling {
  if (shape.length === 4) return around(Math.sqrt(6 / (shape[1]! * shape[2]! * shape[3]!)));
  if (shape.length === 2) return around(Math.sqrt(1 / shape[1]!));
  if (name.endsWith('running_var')) return { start: 0.5, span: 1, factor: 1 };
  return name.endsWith('weight') ? { start: 0.6, span: 0.4, factor: 1 } : around(0.2);
}

/** From `-bound` to `bound`. */
function around(bound: number): Scaling {
  return { start: -1, span: 2, factor: bound };
}
