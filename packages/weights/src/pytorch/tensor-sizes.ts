import type { PickleValue } from './pickle-values.ts';

const maxDimensions = 64; // torch's own limit, and NumPy's

/** Whether a value of a pickle is a count: a whole number from 0 on. */
export function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Whether a value of a pickle is the shape or the strides of a tensor. */
export function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= maxDimensions && value.every(isSize);
}
