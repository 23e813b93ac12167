import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ModelName } from '../models/served-model.ts';
import { CountedObserver } from './counted-observer.ts';
import type { ModelObserver } from './model-observer.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MODEL = ['model', 'version'] as const;

/** What the server tells Prometheus. */
export class ServerMetrics {
  readonly #registry: Registry = new Registry();
  readonly #histograms: {
    readonly request: Histogram<'model' | 'version'>;
    readonly queue: Histogram<'model' | 'version'>;
    readonly prepare: Histogram<'model' | 'version'>;
    readonly compute: Histogram<'model' | 'version'>;
    readonly batch: Histogram<'model' | 'version'>;
  };
  readonly #requests: Counter<'model' | 'version' | 'outcome'>;
  readonly #responses: Counter<'status'>;

  /** Both are asked whenever metrics are read: the pictures that wait, and what all requests hold. */
  constructor(
    waiting: () => readonly (ModelName & { readonly waiting: number })[],
    held: { readonly pictures: number; readonly bytes: number },
  ) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const seconds = (name: string, help: string): Histogram<'model' | 'version'> =>
      new Histogram({ name, help, labelNames: MODEL, buckets: SECONDS, registers });
    this.#histograms = {
      request: seconds('residual_request_duration_seconds', 'From a request read to its answer made'),
      queue: seconds('residual_queue_duration_seconds', 'From a picture prepared to its batch begun'),
      prepare: seconds('residual_prepare_duration_seconds', 'Decoding, resizing and normalising of a picture'),
      compute: seconds('residual_compute_duration_seconds', 'A batch in the network'),
      batch: new Histogram({
        name: 'residual_batch_size',
        help: 'Pictures that were computed at once',
        labelNames: MODEL,
        buckets: [1, 2, 4, 8, 16, 32, 64],
        registers,
      }),
    };
    this.#requests = new Counter({
      name: 'residual_requests_total',
      help: 'Requests that were computed, by outcome: success or fail',
      labelNames: [...MODEL, 'outcome'],
      registers,
    });
    this.#responses = new Counter({
      name: 'residual_http_responses_total',
      help: 'HTTP answers by status',
      labelNames: ['status'],
      registers,
    });
    for (const of of ['pictures', 'bytes'] as const)
      new Gauge({
        name: `residual_held_${of}`,
        help: `${of === 'bytes' ? 'Bytes' : 'Pictures'} of requests that are not answered yet, which the limits are for`,
        registers,
        collect() {
          this.set(held[of]);
        },
      });
    new Gauge({
      name: 'residual_queue_pictures',
      help: 'Pictures that wait for their batch',
      labelNames: MODEL,
      registers,
      collect() {
        this.reset();
        for (const { name, version, waiting: pictures } of waiting()) this.set({ model: name, version }, pictures);
      },
    });
  }

  /** What is told of a model goes to Prometheus and is counted for its `stats`. */
  observe({ name, version }: ModelName): ModelObserver {
    const labels = { model: name, version };
    const { request, queue, prepare, compute, batch } = this.#histograms;
    return new CountedObserver(
      { name, version },
      {
        request: (ms, isAnswered) => {
          request.observe(labels, ms / 1000);
          this.#requests.inc({ ...labels, outcome: isAnswered ? 'success' : 'fail' });
        },
        prepared: (ms) => prepare.observe(labels, ms / 1000),
        batch: ({ size, computeMs, queueMs }) => {
          batch.observe(labels, size);
          compute.observe(labels, computeMs / 1000);
          for (const ms of queueMs) queue.observe(labels, ms / 1000);
        },
      },
    );
  }

  answered(status: number): void {
    this.#responses.inc({ status: String(status) });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
