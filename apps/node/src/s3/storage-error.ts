const marker: symbol = Symbol.for('residual.StorageError');

/** A place that does not do its part at the moment: no fault of a picture, which may be read by another start. */
export class StorageError extends Error {
  readonly code = 'STORAGE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is StorageError {
    return error instanceof Error && marker in error;
  }
}
