const marker: symbol = Symbol.for('residual.UnknownWeightsError');

/** Names that the message gives. */
const SHOWN = 12;

/** A model or a set of weights that the catalogue does not list; the message gives some of what there is. */
export class UnknownWeightsError extends Error {
  readonly code = 'UNKNOWN_WEIGHTS';
  /** What was asked for. */
  readonly asked: string;

  constructor(asked: string, known: readonly string[]) {
    const more = known.length > SHOWN ? ` and ${known.length - SHOWN} more` : '';
    super(`${asked}: expected one of ${known.slice(0, SHOWN).join(', ')}${more}; residual models lists all`);
    this.name = 'UnknownWeightsError';
    this.asked = asked;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `error` is one of these, also across copies of this package. */
  static isInstance(error: unknown): error is UnknownWeightsError {
    return error instanceof Error && marker in error;
  }
}
