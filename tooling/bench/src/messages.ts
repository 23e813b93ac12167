import type { Job } from './job.ts';

/** What the bench asks of a candidate's process. */
export type Question = { readonly kind: 'load'; readonly job: Job } | { readonly kind: 'run'; readonly runs: number };

/** What it answers. */
export type Answer = Loaded | Ran | Refused;

export interface Loaded {
  readonly kind: 'loaded';
  readonly device: string;
  /** Importing the library. */
  readonly libraryMs: number;
  /** From the model's file to a model that is ready to run. */
  readonly loadMs: number;
  readonly firstMs: number;
  readonly logits: Float32Array;
}

export interface Ran {
  readonly kind: 'ran';
  /** Of each run, for the whole batch. */
  readonly ms: readonly number[];
  /** Of the process since it began. */
  readonly peakMB: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}
