import type { NetworkOptions, NormalisationOptions } from '@residual/classifier';
import { UsageError } from './usage-error.ts';

/** What no weights file can tell, as commands take it. */
export interface NetworkFlags {
  readonly strideIn?: string;
  readonly epsilon?: string;
  readonly activation?: string;
  readonly outputStride?: string;
  readonly mean?: string;
  readonly std?: string;
}

/** The flags as the library takes them, which says what is wrong with a value. @throws UsageError for what is no number */
export function parseNetworkFlags(flags: NetworkFlags): NetworkOptions & NormalisationOptions {
  const { strideIn, epsilon, activation, outputStride, mean, std } = flags;
  return {
    ...(strideIn !== undefined && { strideIn: strideIn as '1x1' }),
    ...(epsilon !== undefined && { epsilon: parseNumber('--epsilon', epsilon) }),
    ...(activation !== undefined && { activation }),
    ...(outputStride !== undefined && { outputStride: parseNumber('--output-stride', outputStride) as 8 }),
    ...(mean !== undefined && { mean: parseNumbers('--mean', mean) }),
    ...(std !== undefined && { std: parseNumbers('--std', std) }),
  };
}

function parseNumbers(option: string, text: string): number[] {
  return text.split(',').map((part) => parseNumber(option, part));
}

function parseNumber(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new UsageError(`${option}: expected a number, got '${text}'`);
}
