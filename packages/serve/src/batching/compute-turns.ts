/** Who wants to compute: a model's batcher. */
export interface Contender {
  /** Whether there is a batch to compute now. */
  readonly isReady: boolean;
  /** Computes one batch; never rejects. */
  compute(): Promise<void>;
}

/**
 * Gives models their turns on the one machine: whoever has computed least, among those with a batch ready, is next, so that a
 * model under load delays others by one batch at most.
 */
export class ComputeTurns {
  readonly #spentMs = new Map<Contender, number>();
  #isComputing = false;

  add(contender: Contender): void {
    this.#spentMs.set(contender, this.#least());
  }

  remove(contender: Contender): void {
    this.#spentMs.delete(contender);
  }

  /** To be called when a contender has become ready. */
  wake(): void {
    if (!this.#isComputing) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isComputing = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      // Who had nothing to do for long has saved nothing up for later.
      const spent = Math.max(this.#spentMs.get(next)!, this.#least() - 1000);
      const startMs = performance.now();
      await next.compute();
      if (this.#spentMs.has(next)) this.#spentMs.set(next, spent + performance.now() - startMs);
    }
    this.#isComputing = false;
  }

  #next(): Contender | undefined {
    const ready = [...this.#spentMs].filter(([{ isReady }]) => isReady);
    return ready.sort(([, one], [, other]) => one - other)[0]?.[0];
  }

  #least(): number {
    return Math.min(...this.#spentMs.values(), Number.POSITIVE_INFINITY) || 0;
  }
}
