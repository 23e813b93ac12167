const marker: symbol = Symbol.for('residual.UsageError');

/** A command called in a way that it cannot serve. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is UsageError {
    return error instanceof Error && marker in error;
  }
}
