import { oneLine } from './one-line.ts';

const marker = Symbol.for('residual.WeightsFormatError');

/** What is wrong with a weights file. */
export type WeightsFormatErrorCode =
  | 'empty'
  | 'not-weights'
  | 'truncated'
  | 'corrupt'
  | 'unsupported'
  | 'forbidden-global'
  | 'no-tensors'
  | 'too-large';

/** Bytes that are not the weights they should be; the message is one line that begins with the file's name. */
export class WeightsFormatError extends Error {
  readonly code: WeightsFormatErrorCode;
  /** Name of the file, URL or buffer. */
  readonly source: string;
  /** Where in the file, in bytes, if it is known. */
  readonly offset: number | undefined;

  constructor(
    code: WeightsFormatErrorCode,
    source: string,
    text: string,
    options: { readonly offset?: number; readonly cause?: unknown } = {},
  ) {
    super(oneLine(`${source}: ${text}`), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeightsFormatError';
    this.code = code;
    this.source = source;
    this.offset = options.offset;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `error` is one of these, also across copies of this package. */
  static isInstance(error: unknown): error is WeightsFormatError {
    return typeof error === 'object' && error !== null && marker in error;
  }
}
