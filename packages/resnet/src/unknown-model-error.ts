const marker: symbol = Symbol.for('residual.UnknownModelError');

/** No variant has this name. */
export class UnknownModelError extends Error {
  readonly code = 'UNKNOWN_MODEL';
  readonly model: string;
  readonly known: readonly string[];

  constructor(model: string, known: readonly string[]) {
    super(`no model '${model}'; there are ${known.join(', ')}`);
    this.name = 'UnknownModelError';
    this.model = model;
    this.known = known;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is UnknownModelError {
    return error instanceof Error && marker in error;
  }
}
