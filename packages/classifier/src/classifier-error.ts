const marker: symbol = Symbol.for('residual.ClassifierError');

/** What a classifier cannot do with what it was given. */
export type ClassifierErrorCode =
  | 'BAD_LABELS'
  | 'BAD_METADATA'
  | 'NO_HEAD'
  | 'UNSUPPORTED_MODEL'
  | 'BAD_OPTION'
  | 'BAD_INPUT'
  | 'NO_BACKEND'
  | 'NO_GRADIENTS'
  | 'DISPOSED';

/** Options or inputs that no classifier can be made of, or work with. */
export class ClassifierError extends Error {
  readonly code: ClassifierErrorCode;

  constructor(code: ClassifierErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClassifierError';
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ClassifierError {
    return error instanceof Error && marker in error;
  }
}
