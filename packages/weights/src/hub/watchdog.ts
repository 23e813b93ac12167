/** The reason of a watchdog's signal when nothing has come for too long. */
export class Stalled extends Error {
  constructor(timeoutMs: number) {
    super(`nothing came for ${timeoutMs / 1000} s`);
    this.name = 'Stalled';
  }
}

/** A program that computed all the while has what came then still to read. */
const GRACE_MS = 100;

/** Ends a request when it is told to, or when it is not fed for too long. */
export class Watchdog {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onOuterAbort = () => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    if (outer?.aborted) this.#onOuterAbort();
    else outer?.addEventListener('abort', this.#onOuterAbort, { once: true });
    this.feed();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  feed(): void {
    clearTimeout(this.#timer);
    const stall = () => this.#controller.abort(new Stalled(this.#timeoutMs));
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(stall, GRACE_MS);
    }, this.#timeoutMs);
  }

  /** `promise`, or the signal's reason as soon as there is one, also where what makes the promise knows no signals. */
  race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onOuterAbort);
  }
}
