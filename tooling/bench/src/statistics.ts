/** The middle value; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A value that a share of all lie below, between the neighbours in proportion. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (position - below);
}
