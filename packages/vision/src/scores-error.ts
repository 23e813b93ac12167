const marker: symbol = Symbol.for('residual.ScoresError');

/** Scores that have no order or no softmax. */
export class ScoresError extends Error {
  readonly code = 'BAD_SCORES';

  constructor(message: string) {
    super(message);
    this.name = 'ScoresError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ScoresError {
    return error instanceof Error && marker in error;
  }
}
