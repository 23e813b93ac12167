const marker: symbol = Symbol.for('residual.ContestantError');

/** A candidate that could not be loaded or that failed, with the reason in a line. */
export class ContestantError extends Error {
  readonly code = 'CONTESTANT';

  constructor(reason: string) {
    super(reason);
    this.name = 'ContestantError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ContestantError {
    return error instanceof Error && marker in error;
  }
}
