const marker: symbol = Symbol.for('residual.ProtocolError');

/** A request that is not answered: its HTTP status, and one line for the protocol's error body `{ "error": "…" }`. */
export class ProtocolError extends Error {
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProtocolError';
    this.status = status;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is ProtocolError {
    return error instanceof Error && marker in error;
  }
}

/** Nobody reads it: it ends the work. 499 is what nginx logs. */
export function clientGone(): ProtocolError {
  return new ProtocolError(499, 'the client is gone');
}
