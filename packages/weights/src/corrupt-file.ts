import type { ByteSource } from './byte-source.ts';
import { WeightsFormatError } from './weights-format-error.ts';

/** The error (`corrupt`) for bytes that are not what the file's format says; `text` has the place, expected and got. */
export function corruptFile(
  source: ByteSource,
  text: string,
  options: { readonly offset?: number; readonly cause?: unknown } = {},
): WeightsFormatError {
  return new WeightsFormatError('corrupt', source.name, `${text}; the file is corrupt, fetch it again`, options);
}
