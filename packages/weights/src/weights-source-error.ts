const marker = Symbol.for('residual.WeightsSourceError');

/** Why bytes could not be had, or not be written. */
export type WeightsSourceErrorCode = 'missing' | 'unreadable' | 'unwritable' | 'http' | 'network';

/** A file or URL that could not be read or written; the message is one line that begins with its name. */
export class WeightsSourceError extends Error {
  readonly code: WeightsSourceErrorCode;
  /** Name of the file or URL. */
  readonly source: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    code: WeightsSourceErrorCode,
    source: string,
    text: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(`${source}: ${text}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeightsSourceError';
    this.code = code;
    this.source = source;
    this.status = options.status;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `error` is one of these, also across copies of this package. */
  static isInstance(error: unknown): error is WeightsSourceError {
    return typeof error === 'object' && error !== null && marker in error;
  }
}
