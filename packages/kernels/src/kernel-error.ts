const marker: symbol = Symbol.for('residual.KernelError');

export type KernelErrorCode = 'BAD_GRAPH' | 'BAD_INPUT' | 'BAD_OPTION' | 'DISPOSED' | 'UNAVAILABLE';

/** A graph that the kernels cannot compile, or a run that they cannot do; other programs are unharmed. */
export class KernelError extends Error {
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KernelError';
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is KernelError {
    return error instanceof Error && marker in error;
  }
}
