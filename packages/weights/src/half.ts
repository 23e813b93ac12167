/** Every float16, by its bits, as float32; 256 KB, made for one reading. */
export function makeHalfTable(): Float32Array {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) table[bits] = halfToFloat(bits);
  return table;
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Widens float16 bits. */
export function widenHalf(bits: Uint16Array, table: Float32Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!;
  return out;
}

/** The numbers of float16 bits, as float32. */
export function floatsOfHalves(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, halfToFloat);
}

/** Widens bfloat16 bits, which are a float32's upper half. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}

/**
 * Narrows to float16, round half to even; `onOverflow` makes the error for a finite value beyond ±65504.
 *
 * @throws Error as `onOverflow` makes it.
 */
export function narrowToHalf(values: Float32Array, onOverflow: (value: number) => Error): Uint16Array {
  const out = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude >= 0x7f800000) out[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    else if (magnitude >= 0x477ff000) throw onOverflow(values[i]!);
    else if (magnitude >= 0x38800000) out[i] = sign | roundToEven(magnitude - 0x38000000, 13);
    else if (magnitude < 0x33000000) out[i] = sign;
    else out[i] = sign | roundToEven((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
  }
  return out;
}

function roundToEven(bits: number, drop: number): number {
  const kept = bits >>> drop;
  const rest = bits & ((1 << drop) - 1);
  const half = 1 << (drop - 1);
  return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
}
