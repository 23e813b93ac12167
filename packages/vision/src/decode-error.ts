const marker: symbol = Symbol.for('residual.DecodeError');

/**
 * Why a picture could not be decoded. `FORMAT_UNSUPPORTED`: it is one, and of a kind that no decoder here reads;
 * `DECODER_MISSING`: the library that reads it is not installed.
 */
export type DecodeErrorCode =
  | 'FILE_UNREADABLE'
  | 'FILE_EMPTY'
  | 'NOT_AN_IMAGE'
  | 'FORMAT_UNSUPPORTED'
  | 'IMAGE_DAMAGED'
  | 'IMAGE_TOO_LARGE'
  | 'DECODER_MISSING';

/** A picture that cannot be decoded; `source` is its path, or says what it was. */
export class DecodeError extends Error {
  readonly code: DecodeErrorCode;
  readonly source: string;
  /** The message without its source. */
  readonly problem: string;

  constructor(code: DecodeErrorCode, source: string, problem: string, cause?: unknown) {
    super(`${source}: ${problem}`, { cause });
    this.name = 'DecodeError';
    this.code = code;
    this.source = source;
    this.problem = problem;
    Object.defineProperty(this, marker, { value: true });
  }

  /** The same of a source that whoever decoded bytes did not know. */
  of(source: string): DecodeError {
    return new DecodeError(this.code, source, this.problem, this.cause);
  }

  static isInstance(error: unknown): error is DecodeError {
    return error instanceof Error && marker in error;
  }
}
