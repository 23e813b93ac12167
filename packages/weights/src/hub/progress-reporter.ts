import type { ProgressEvent } from './progress-event.ts';

const INTERVAL_MS = 100;

/** Tells the progress of a model's files. */
export class ProgressReporter {
  readonly #name: string;
  readonly #tell: ((event: ProgressEvent) => void) | undefined;
  readonly #files = new Map<string, { loaded: number; total: number }>();
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, tell: ((event: ProgressEvent) => void) | undefined) {
    this.#name = name;
    this.#tell = tell;
  }

  file(status: 'initiate' | 'download' | 'done', file: string): void {
    this.#tell?.({ status, name: this.#name, file });
  }

  /** So many bytes of a file are there, of `total` or an unknown number. */
  loaded(file: string, loaded: number, total: number | undefined): void {
    if (this.#tell === undefined) return;
    this.#files.set(file, { loaded, total: total ?? 0 });
    const nowMs = performance.now();
    if (loaded !== total && nowMs - this.#toldMs < INTERVAL_MS) return;
    this.#toldMs = nowMs;
    const name = this.#name;
    this.#tell({ status: 'progress', name, file, ...amount(loaded, total ?? 0) });
    const all = [...this.#files.values()];
    const sum = (key: 'loaded' | 'total') => all.reduce((total, entry) => total + entry[key], 0);
    const files = Object.fromEntries([...this.#files].map(([key, entry]) => [key, { ...entry }]));
    this.#tell({ status: 'progress_total', name, ...amount(sum('loaded'), sum('total')), files });
  }

  ready(): void {
    this.#tell?.({ status: 'ready', name: this.#name });
  }
}

function amount(loaded: number, total: number): { loaded: number; total: number; progress: number } {
  return { loaded, total, progress: total > 0 ? Math.min(100, (100 * loaded) / total) : 0 };
}
