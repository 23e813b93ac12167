/** An operation of the graph cannot be said in the format it is exported to. */
export class UnsupportedOperationError extends Error {
  readonly code = 'UNSUPPORTED_OPERATION';
  readonly op: string;
  readonly format: string;

  constructor(op: string, label: string | undefined, format: string) {
    super(
      `${label ?? 'graph'}: '${op}' has no counterpart in ${format}'s export; trace the function up to there and do the rest outside`,
    );
    this.name = 'UnsupportedOperationError';
    this.op = op;
    this.format = format;
    Object.defineProperty(this, Symbol.for('residual.UnsupportedOperationError'), { value: true });
  }

  static isInstance(error: unknown): error is UnsupportedOperationError {
    return error instanceof Error && Symbol.for('residual.UnsupportedOperationError') in error;
  }
}
