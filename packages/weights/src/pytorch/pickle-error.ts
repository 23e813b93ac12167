import type { WeightsFormatErrorCode } from '../weights-format-error.ts';

/** Something wrong inside a pickle; the container adds the file's name and the place. */
export class PickleError extends Error {
  readonly code: WeightsFormatErrorCode;
  /** Offset in the pickle's bytes. */
  offset: number | undefined;

  constructor(code: WeightsFormatErrorCode, message: string, offset?: number) {
    super(message);
    this.name = 'PickleError';
    this.code = code;
    this.offset = offset;
  }
}
