import { oneLine } from '../one-line.ts';

const marker = Symbol.for('residual.HubError');

/** Why weights could not be downloaded or kept. */
export type HubErrorCode =
  | 'bad-reference'
  | 'not-found'
  | 'forbidden'
  | 'rate-limited'
  | 'refused'
  | 'server'
  | 'network'
  | 'timeout'
  | 'offline'
  | 'wrong-length'
  | 'wrong-hash'
  | 'changed'
  | 'wrong-content'
  | 'cache';

/** A download that failed; the message is one line that begins with the file's address, without credentials. */
export class HubError extends Error {
  readonly code: HubErrorCode;
  /** Address, reference or folder, without credentials and query. */
  readonly source: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    code: HubErrorCode,
    source: string,
    text: string,
    options: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(oneLine(`${source}: ${text}`), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HubError';
    this.code = code;
    this.source = source;
    this.status = options.status;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `error` is one of these, also across copies of this package. */
  static isInstance(error: unknown): error is HubError {
    return typeof error === 'object' && error !== null && marker in error;
  }
}
