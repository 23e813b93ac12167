const marker: symbol = Symbol.for('residual.ImageError');

/** Pixels or sizes that no image can have. */
export class ImageError extends Error {
  readonly code = 'BAD_IMAGE';

  constructor(message: string) {
    super(message);
    this.name = 'ImageError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ImageError {
    return error instanceof Error && marker in error;
  }
}
