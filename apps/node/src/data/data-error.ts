const marker: symbol = Symbol.for('residual.DataError');

/** A data set that is not what its kind should be; the message begins with the place. */
export class DataError extends Error {
  readonly code = 'BAD_DATA';
  /** File or folder. */
  readonly source: string;

  constructor(source: string, problem: string, cause?: unknown) {
    super(`${source}: ${problem}`, cause === undefined ? undefined : { cause });
    this.name = 'DataError';
    this.source = source;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is DataError {
    return error instanceof Error && marker in error;
  }
}
