import { UsageError } from './usage-error.ts';

/** A whole number of 1 or more. @throws UsageError for anything else. */
export function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1)
    throw new UsageError(`${option}: expected a whole number from 1, got '${text}'`);
  return count;
}
