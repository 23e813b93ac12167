import type { StateDict } from './host-tensor.ts';

/** Where weights are NaN or infinite. */
export interface NonFinite {
  /** The first tensor that has one. */
  readonly firstName: string;
  /** How many values in all. */
  readonly count: number;
}

/** Looks for NaN and infinities; `undefined` where every value is finite. */
export function findNonFinite(dict: StateDict): NonFinite | undefined {
  let firstName: string | undefined;
  let count = 0;
  for (const [name, { data }] of dict) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const before = count;
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value - value !== 0) count++;
    }
    if (count > before) firstName ??= name;
  }
  return firstName === undefined ? undefined : { firstName, count };
}
