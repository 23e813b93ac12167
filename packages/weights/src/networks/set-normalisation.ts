import type { MutableHints } from './network-hints.ts';

/** Of means and deviations on 0 … 255, those on 0 … 1. */
export function setNormalisation(hints: MutableHints, mean: readonly number[], std: readonly number[]): void {
  hints.mean = mean.map((value) => value / 255);
  hints.std = std.map((value) => value / 255);
}
