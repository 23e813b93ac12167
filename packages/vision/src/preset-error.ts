const marker: symbol = Symbol.for('residual.PresetError');

/** An unknown preset, or one that describes no preprocessing. */
export class PresetError extends Error {
  readonly code = 'BAD_PRESET';

  constructor(message: string) {
    super(message);
    this.name = 'PresetError';
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is PresetError {
    return error instanceof Error && marker in error;
  }
}
