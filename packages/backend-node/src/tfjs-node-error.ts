/** tfjs-node cannot serve; `reason` is the part of the message that says why. */
export class TfjsNodeError extends Error {
  readonly code = 'TFJS_NODE_UNAVAILABLE';
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super(`tfjs-node: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = 'TfjsNodeError';
    this.reason = reason;
    Object.defineProperty(this, Symbol.for('residual.TfjsNodeError'), { value: true });
  }

  static isInstance(error: unknown): error is TfjsNodeError {
    return error instanceof Error && Symbol.for('residual.TfjsNodeError') in error;
  }
}
