const marker: symbol = Symbol.for('residual.BenchError');

/** A benchmark that was asked for in a way that cannot be served. */
export class BenchError extends Error {
  readonly code = 'BENCH';

  constructor(message: string) {
    super(message);
    this.name = 'BenchError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is BenchError {
    return error instanceof Error && marker in error;
  }
}
