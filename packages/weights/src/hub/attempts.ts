import { HubError } from './hub-error.ts';

/** A failure that another attempt may mend. */
export class Retryable extends Error {
  readonly failure: HubError;
  /** What the server asks to wait. */
  readonly retryAfterMs: number;

  constructor(failure: HubError, retryAfterMs = 0) {
    super(failure.message);
    this.name = 'Retryable';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A server may ask to be left alone for so long; if it asks for longer, the user is told. */
const PATIENCE_MS = 120_000;
const LONGEST_PAUSE_MS = 30_000;

/** Counts failures in a row, and pauses after each: twice as long as after the one before, shortened by chance. */
export class Attempts {
  readonly #limit: number;
  readonly #backoffMs: number;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;

  constructor(limit: number, backoffMs: number, signal: AbortSignal | undefined) {
    this.#limit = limit;
    this.#backoffMs = backoffMs;
    this.#signal = signal;
  }

  /** Something came: the next failure is the first again. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Waits until it is time for another attempt. @throws what failed, where another would not help, and the signal's reason. */
  async afterFailure(error: unknown): Promise<void> {
    if (!(error instanceof Retryable)) throw error;
    this.#failures++;
    if (this.#failures >= this.#limit) throw error.failure;
    if (error.retryAfterMs > PATIENCE_MS) {
      const { source, status } = error.failure;
      const seconds = Math.ceil(error.retryAfterMs / 1000);
      throw new HubError('rate-limited', source, `the server asks to wait ${seconds} s; try again then`, { status });
    }
    const pause = Math.min(LONGEST_PAUSE_MS, this.#backoffMs * 2 ** (this.#failures - 1));
    await sleep(error.retryAfterMs + pause * (0.5 + Math.random() / 2), this.#signal);
  }
}

/** What a Retry-After header asks for, in milliseconds; 0 where it asks for nothing that can be understood. */
export function parseRetryAfterMs(header: string | null, nowMs: number = Date.now()): number {
  if (header === null) return 0;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}

/** Waits, or throws the signal's reason. */
export async function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
