import type { VariantMemory } from './plan/measure-variants.ts';

const kept = new Map<string, string>();

/** Remembers until the process ends, for all engines of it. */
export const processVariants: VariantMemory = {
  get: async (key) => kept.get(key),
  set: async (key, value) => {
    kept.set(key, value);
  },
};
