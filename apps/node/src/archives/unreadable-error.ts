const marker: symbol = Symbol.for('residual.UnreadableError');

/** A file that cannot be read, or not to its end: `expected …, got …; …`, without its name. */
export class UnreadableError extends Error {
  readonly code = 'UNREADABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is UnreadableError {
    return error instanceof Error && marker in error;
  }
}
