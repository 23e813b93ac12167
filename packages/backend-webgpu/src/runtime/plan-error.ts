const marker: symbol = Symbol.for('residual.PlanError');

export type PlanErrorCode = 'BAD_FILE' | 'BAD_INPUT' | 'DEVICE_LOST' | 'DISPOSED' | 'TOO_LARGE' | 'UNAVAILABLE';

/** A plan that cannot be loaded or run on this device. */
export class PlanError extends Error {
  readonly code: PlanErrorCode;

  constructor(code: PlanErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlanError';
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is PlanError {
    return error instanceof Error && marker in error;
  }
}
