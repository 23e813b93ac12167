/**
 * Weights and pictures that this file and tooling/golden/deterministic.py make alike, to the bit.
 *
 * Each value is a hash of its tensor's name and its index, so that tensors of any size are made without a sequence.
 */

/** `count` float64 in [0, 1): FNV-1a of the name, then murmur3's finaliser of each index. */
export function uniform(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    values[i] = ((h ^ (h >>> 16)) >>> 0) / 4294967296;
  }
  return values;
}

/** A float32 parameter in PyTorch's layout: convolutions OIHW, linear `[out, in]`. */
export function deterministicTensor(name: string, shape: readonly number[]): Float32Array {
  const u = uniform(
    name,
    shape.reduce((product, size) => product * size, 1),
  );
  return scaled(u, scaling(name, shape));
}

/** An NHWC picture in -1 … 1. */
export function deterministicPicture(shape: readonly [number, number, number, number]): Float32Array {
  return scaled(uniform('input', shape[0] * shape[1] * shape[2] * shape[3]), (u) => 2 * u - 1);
}

// `Float32Array.from` takes seconds for the hundred million weights of the widest net.
function scaled(u: Float64Array, scale: (u: number) => number): Float32Array {
  const values = new Float32Array(u.length);
  for (let i = 0; i < u.length; i++) values[i] = scale(u[i]!);
  return values;
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

function scaling(name: string, shape: readonly number[]): (u: number) => number {
  if (shape.length === 4) {
    const bound = Math.sqrt(6 / (shape[1]! * shape[2]! * shape[3]!));
    return (u) => (2 * u - 1) * bound;
  }
  if (shape.length === 2) {
    const bound = Math.sqrt(1 / shape[1]!);
    return (u) => (2 * u - 1) * bound;
  }
  if (name.endsWith('running_var')) return (u) => 0.5 + u;
  if (name.endsWith('weight')) return (u) => 0.6 + 0.4 * u;
  return (u) => 0.2 * (2 * u - 1);
}
