const marker: symbol = Symbol.for('residual.ServeError');

/** A server that can't listen, or lacks a package that it was asked for; the message says what to do. */
export class ServeError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ServeError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ServeError {
    return error instanceof Error && marker in error;
  }
}
