import { tooLate } from '../deadline.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { RequestTrace } from '../tracing/request-trace.ts';
import type { ComputeTurns, Contender } from './compute-turns.ts';

export interface BatchingOptions {
  /** Most pictures that are computed at once. */
  readonly batchSize: number;
  /** Longest that a picture waits for others to come, in milliseconds, while nothing else is computed. */
  readonly waitMs: number;
}

/** Computes pictures at once: a row for each, in their order. */
export type ComputeBatch<Row> = (inputs: readonly Float32Array[], signal: AbortSignal) => Promise<Row[]>;

export interface SubmitOptions {
  /** The client's: when it ends, the picture is not computed. */
  readonly signal: AbortSignal;
  /** When an answer is of no use any more, by `performance.now()`. */
  readonly deadlineMs: number | undefined;
  /** Is told when the picture waited and was computed. */
  readonly trace: RequestTrace | undefined;
}

/** What was measured of a batch, for metrics. */
export interface BatchRecord {
  readonly size: number;
  readonly computeMs: number;
  /** Of each picture, from its arrival to the batch's start. */
  readonly queueMs: readonly number[];
}

interface Waiting<Row> extends SubmitOptions {
  readonly input: Float32Array;
  readonly sinceMs: number;
  readonly resolve: (row: Row) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts pictures of several requests together into batches for one model. A batch starts when it is full, or when its oldest
 * picture has waited long enough, at the model's turn.
 */
export class Batcher<Row> implements Contender {
  readonly #compute: ComputeBatch<Row>;
  readonly #options: BatchingOptions;
  readonly #turns: ComputeTurns;
  readonly #onBatch: (record: BatchRecord) => void;
  #waiting: Waiting<Row>[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of a picture in a batch, as the last ones took. */
  #pictureMs = 0;
  #lastEndMs = 0;
  #computing = 0;
  #isClosed = false;

  constructor(
    compute: ComputeBatch<Row>,
    options: BatchingOptions,
    turns: ComputeTurns,
    onBatch: (record: BatchRecord) => void,
  ) {
    this.#compute = compute;
    this.#options = options;
    this.#turns = turns;
    this.#onBatch = onBatch;
    turns.add(this);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#options.batchSize;
  }

  get isReady(): boolean {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return false;
    return this.isFull || performance.now() - oldest.sinceMs >= this.#options.waitMs;
  }

  /**
   * The picture's row, once its batch is computed.
   *
   * @throws ProtocolError with status 504 where it can't be computed before its deadline, 503 after `close`; the signal's reason.
   */
  submit(input: Float32Array, { signal, deadlineMs, trace }: SubmitOptions): Promise<Row> {
    if (this.#isClosed) return Promise.reject(new ProtocolError(503, 'the model is being replaced; try again'));
    if (signal.aborted) return Promise.reject(signal.reason);
    const sinceMs = performance.now();
    // By what the last batches took: that says nothing where nothing is computed, and nothing newer would come of it.
    const aheadMs = this.#computing > 0 ? (this.#waiting.length + 1) * this.#pictureMs : 0;
    if (deadlineMs !== undefined && sinceMs + aheadMs > deadlineMs) return Promise.reject(tooLate());
    return new Promise((resolve, reject) => {
      const entry: Waiting<Row> = { input, signal, deadlineMs, trace, sinceMs, resolve, reject };
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(entry);
      this.#arrange();
    });
  }

  /** Ends what waits and takes no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#turns.remove(this);
  }

  async compute(): Promise<void> {
    const startMs = performance.now();
    const batch = this.#take(startMs);
    if (batch.length === 0) return;
    this.#computing++;
    const abort = new AbortController();
    let left = batch.length;
    for (const { signal } of batch)
      signal.addEventListener('abort', () => --left === 0 && abort.abort(signal.reason), { once: true });
    try {
      const rows = await this.#compute(
        batch.map(({ input }) => input),
        abort.signal,
      );
      const computeMs = performance.now() - startMs;
      // Of two batches that were there at once, the second had to wait.
      this.#pictureMs = (startMs + computeMs - Math.max(startMs, this.#lastEndMs)) / batch.length;
      this.#lastEndMs = startMs + computeMs;
      this.#onBatch({ size: batch.length, computeMs, queueMs: batch.map(({ sinceMs }) => startMs - sinceMs) });
      for (const [index, { resolve, trace, sinceMs }] of batch.entries()) {
        trace?.step('queue', sinceMs, startMs);
        trace?.step('compute', startMs, startMs + computeMs, { 'residual.batch_size': batch.length });
        resolve(rows[index]!);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.#computing--;
    if (!this.#isClosed) this.#arrange();
  }

  /** The oldest, without those whose time is up. */
  #take(nowMs: number): Waiting<Row>[] {
    const batch: Waiting<Row>[] = [];
    while (batch.length < this.#options.batchSize && this.#waiting.length > 0) {
      const entry = this.#waiting.shift()!;
      if (entry.deadlineMs !== undefined && nowMs > entry.deadlineMs) entry.reject(tooLate());
      else batch.push(entry);
    }
    return batch;
  }

  /** Wakes the turns now, or when the oldest has waited long enough. */
  #arrange(): void {
    clearTimeout(this.#timer);
    const oldest = this.#waiting[0];
    if (oldest === undefined) return;
    if (this.isReady) {
      this.#turns.wake();
      return;
    }
    const leftMs = this.#options.waitMs - (performance.now() - oldest.sinceMs);
    // A timer may come a little early: whether the time is up is looked at again.
    this.#timer = setTimeout(() => this.#arrange(), Math.max(0, leftMs));
  }
}
