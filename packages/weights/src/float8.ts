/** Element types of one byte that are widened to float32. */
export type Float8 = 'float8_e4m3fn' | 'float8_e5m2';

/**
 * Every float8 by its bits, as float32. `e4m3fn` has no infinities, and NaN where all other bits are ones.
 *
 * @see https://arxiv.org/abs/2209.05433
 */
export function makeFloat8Table(type: Float8): Float32Array {
  const [fractionBits, bias] = type === 'float8_e4m3fn' ? [3, 7] : [2, 15];
  return Float32Array.from({ length: 256 }, (_, bits) => {
    const sign = bits & 0x80 ? -1 : 1;
    const exponent = (bits & 0x7f) >> fractionBits;
    const fraction = (bits & ((1 << fractionBits) - 1)) / (1 << fractionBits);
    if (type === 'float8_e4m3fn' && (bits & 0x7f) === 0x7f) return Number.NaN;
    if (type === 'float8_e5m2' && exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
  });
}
