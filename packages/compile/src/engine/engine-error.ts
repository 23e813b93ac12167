const marker: symbol = Symbol.for('residual.EngineError');

export type EngineErrorCode = 'BAD_INPUT' | 'DISPOSED' | 'UNAVAILABLE' | 'UNSUPPORTED_NODE';

/** An engine that cannot compile or run what it was given; the process and other executables are unharmed. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  readonly engine: string;

  constructor(code: EngineErrorCode, engine: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
    this.engine = engine;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is EngineError {
    return error instanceof Error && marker in error;
  }
}
