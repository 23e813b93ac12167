import { WeightsFormatError } from '../weights-format-error.ts';

/** The error (`unsupported`) for a configuration of a network that cannot be built here; `name` is the file. */
export function unsupportedConfig(name: string, key: string, value: unknown): WeightsFormatError {
  const shown = JSON.stringify(value).slice(0, 60);
  const text = `${key}: expected a network that is built here, got ${shown}; take weights of another`;
  return new WeightsFormatError('unsupported', name, text);
}
