import type { BatchRecord } from '../batching/batcher.ts';
import type { ModelName } from '../models/served-model.ts';
import type { DurationStat, ModelObserver, ModelStats } from './model-observer.ts';

/** Who hears of the same things. */
export interface Listener {
  request(ms: number, isAnswered: boolean): void;
  prepared(ms: number): void;
  batch(record: BatchRecord): void;
}

/** Sums up what a model has done since it was loaded, and passes it on. */
export class CountedObserver implements ModelObserver {
  readonly #model: ModelName;
  readonly #listener: Listener;
  readonly #success = new Duration();
  readonly #fail = new Duration();
  readonly #queue = new Duration();
  readonly #prepared = new Duration();
  readonly #computed = new Duration();
  readonly #batches = new Map<number, Duration>();
  #pictures = 0;
  #last = 0;

  constructor(model: ModelName, listener: Listener) {
    this.#model = model;
    this.#listener = listener;
  }

  request(pictures: number, ms: number, isAnswered: boolean): void {
    (isAnswered ? this.#success : this.#fail).add(ms);
    if (isAnswered) this.#pictures += pictures;
    this.#last = Date.now();
    this.#listener.request(ms, isAnswered);
  }

  prepared(ms: number): void {
    this.#prepared.add(ms);
    this.#listener.prepared(ms);
  }

  batch(record: BatchRecord): void {
    this.#computed.add(record.computeMs);
    for (const ms of record.queueMs) this.#queue.add(ms);
    const ofSize = this.#batches.get(record.size) ?? new Duration();
    this.#batches.set(record.size, ofSize);
    ofSize.add(record.computeMs);
    this.#listener.batch(record);
  }

  stats(): ModelStats {
    const sizes = [...this.#batches].sort(([one], [other]) => one - other);
    return {
      ...this.#model,
      last_inference: this.#last,
      inference_count: this.#pictures,
      execution_count: this.#computed.stat().count,
      inference_stats: {
        success: this.#success.stat(),
        fail: this.#fail.stat(),
        queue: this.#queue.stat(),
        compute_input: this.#prepared.stat(),
        compute_infer: this.#computed.stat(),
        // Outputs are read within the run.
        compute_output: { count: 0, ns: 0 },
      },
      batch_stats: sizes.map(([size, duration]) => ({ batch_size: size, compute_infer: duration.stat() })),
    };
  }
}

class Duration {
  #count = 0;
  #ms = 0;

  add(ms: number): void {
    this.#count++;
    this.#ms += ms;
  }

  stat(): DurationStat {
    return { count: this.#count, ns: Math.round(this.#ms * 1e6) };
  }
}
