/** Who wants to compute: a model's batcher. */
export interface Contender {
  /** Whether there is a batch to compute where nothing else is computed. */
  readonly isReady: boolean;
  /** Whether there is one that waiting would not make larger. */
  readonly isFull: boolean;
  /** Computes one batch; never rejects. */
  compute(): Promise<void>;
}

/** One batch computes, and the next is there when it ends. */
const AT_ONCE = 2;
/** Who had nothing to do for long has saved up no more than this for later. */
const MOST_SAVED_MS = 1000;

/**
 * Gives models their turns on the one machine: whoever has computed least, among those with a batch ready, is next, so that a
 * model under load delays others by two batches at most.
 */
export class ComputeTurns {
  readonly #spentMs = new Map<Contender, number>();
  #running = 0;

  add(contender: Contender): void {
    this.#spentMs.set(contender, this.#least());
  }

  remove(contender: Contender): void {
    this.#spentMs.delete(contender);
  }

  /** Work that is no batch has a turn too. @throws as the work */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isWaiting = true;
      const once: Contender = {
        get isReady() {
          return isWaiting;
        },
        get isFull() {
          return isWaiting;
        },
        compute: async () => {
          isWaiting = false;
          await work().then(resolve, reject);
          this.remove(once);
        },
      };
      this.add(once);
      this.wake();
    });
  }

  /** To be called when a contender has become ready. */
  wake(): void {
    while (this.#running < AT_ONCE) {
      const next = this.#next();
      if (next === undefined) return;
      void this.#turn(next);
    }
  }

  async #turn(contender: Contender): Promise<void> {
    this.#running++;
    const spentMs = Math.max(this.#spentMs.get(contender)!, this.#least() - MOST_SAVED_MS);
    const startMs = performance.now();
    await contender.compute();
    this.#running--;
    if (this.#spentMs.has(contender)) this.#spentMs.set(contender, spentMs + performance.now() - startMs);
    this.wake();
  }

  #next(): Contender | undefined {
    const can = this.#running === 0 ? 'isReady' : 'isFull';
    const ready = [...this.#spentMs].filter(([contender]) => contender[can]);
    return ready.sort(([, one], [, other]) => one - other)[0]?.[0];
  }

  #least(): number {
    return this.#spentMs.size === 0 ? 0 : Math.min(...this.#spentMs.values());
  }
}
