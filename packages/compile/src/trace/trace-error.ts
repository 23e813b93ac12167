const traceMarker: symbol = Symbol.for('residual.TraceError');
const kernelMarker: symbol = Symbol.for('residual.UnsupportedKernelError');

/** A function that cannot be recorded as a graph; the message names the place and what to change. */
export class TraceError extends Error {
  readonly code: string = 'TRACE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TraceError';
    Object.defineProperty(this, traceMarker, { value: true });
  }

  static isInstance(error: unknown): error is TraceError {
    return error instanceof Error && traceMarker in error;
  }
}

/** A tfjs kernel that the graph has no rule for. */
export class UnsupportedKernelError extends TraceError {
  override readonly code = 'UNSUPPORTED_KERNEL';
  readonly kernelName: string;
  /** The layer recorded last before it, where there was one. */
  readonly label: string | undefined;

  constructor(kernelName: string, label: string | undefined, options?: ErrorOptions) {
    super(
      `${label === undefined ? 'trace' : `after ${label}`}: expected an operation that a graph can hold, ` +
        `got tfjs kernel '${kernelName}'; write it with other tfjs operations, or leave it outside the traced function`,
      options,
    );
    this.name = 'UnsupportedKernelError';
    this.kernelName = kernelName;
    this.label = label;
    Object.defineProperty(this, kernelMarker, { value: true });
  }

  static override isInstance(error: unknown): error is UnsupportedKernelError {
    return error instanceof Error && kernelMarker in error;
  }
}
