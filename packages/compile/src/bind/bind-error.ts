const marker: symbol = Symbol.for('residual.BindError');

const LAYOUT = "give weights in tfjs's layout (filters HWIO, matrices [in, out])";

/** Weights that a graph's parameters cannot be bound to. */
export class BindError extends Error {
  readonly code = 'BIND';
  /** The parameter. */
  readonly parameter: string;

  constructor(parameter: string, expected: readonly number[], got: string, next: string = LAYOUT) {
    super(`${parameter}: expected [${expected.join(', ')}], got ${got}; ${next}`);
    this.name = 'BindError';
    this.parameter = parameter;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is BindError {
    return error instanceof Error && marker in error;
  }
}
