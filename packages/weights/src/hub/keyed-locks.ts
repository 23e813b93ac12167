/** One at a time for each key, within this page or process. */
export class KeyedLocks {
  readonly #held = new Map<string, Promise<unknown>>();

  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  async run<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    while (this.#held.has(key)) {
      const cancel = new AbortController();
      const ended = this.#held.get(key)!.catch(() => undefined);
      const aborted = new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { signal: cancel.signal });
      });
      await Promise.race([ended, aborted]);
      cancel.abort();
      signal?.throwIfAborted();
    }
    const running = Promise.resolve().then(work);
    this.#held.set(key, running);
    try {
      return await running;
    } finally {
      this.#held.delete(key);
    }
  }
}
