/**
 * Throws unless each number is within `tolerance` of the expected one, relative to the largest expected magnitude
 * ("within 1e-4 of the largest logit").
 */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} numbers, expected ${expected.length}`);
  const error = relativeError(got, expected);
  if (!(error <= tolerance)) throw new Error(`${what}: relative error ${error.toExponential(2)}, allowed ${tolerance}`);
}

/** The largest difference over the largest expected magnitude; NaN where any number is NaN. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(got[i]! - expected[i]!);
    if (Number.isNaN(apart)) return Number.NaN;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}
