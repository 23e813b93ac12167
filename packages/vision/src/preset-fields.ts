import type { Interpolation } from './interpolation.ts';
import type { Rgb } from './normalize.ts';
import { PresetError } from './preset-error.ts';
import { quote } from './quote.ts';

// What is read of a configuration that somebody else wrote: each value is checked, whatever its type says.

/** A number for each of red, green and blue. @throws PresetError */
export function rgbOf(field: string, values: unknown): Rgb {
  if (Array.isArray(values) && values.length === 3 && values.every(Number.isFinite)) {
    const [red, green, blue] = values;
    return [red, green, blue];
  }
  throw new PresetError(`${field}: expected 3 numbers, got ${quote(values)}`);
}

/** @throws PresetError */
export function interpolationOf(name: unknown): Interpolation {
  if (name === 'bilinear' || name === 'bicubic') return name;
  throw new PresetError(`interpolation: expected bilinear or bicubic, got ${quote(name)}`);
}

/** The edge that becomes one of `cropPx` when the middle `fraction` of it is kept. @throws PresetError */
export function edgeBeforeCrop(cropPx: number, fraction: unknown): number {
  if (typeof fraction === 'number' && fraction > 0 && fraction <= 1) return Math.floor(cropPx / fraction);
  throw new PresetError(`crop_pct: expected a fraction above 0 and up to 1, got ${quote(fraction)}`);
}

/** Whether it can be an edge's length. */
export function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
