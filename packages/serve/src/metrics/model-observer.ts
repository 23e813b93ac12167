import type { BatchRecord } from '../batching/batcher.ts';

/** Is told what a model does. */
export interface ModelObserver {
  /** A request's pictures, and its time from arrival to answer. */
  request(pictures: number, ms: number, isAnswered: boolean): void;
  /** A picture was decoded, resized and normalised. */
  prepared(ms: number): void;
  batch(record: BatchRecord): void;
  /** As `GET /v2/models/NAME/stats` has it. @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md */
  stats(): ModelStats;
}

/** A count, and the whole time in nanoseconds. */
export interface DurationStat {
  readonly count: number;
  readonly ns: number;
}

export interface ModelStats {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch; 0 where there was none. */
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<
    Record<'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output', DurationStat>
  >;
  readonly batch_stats: readonly { readonly batch_size: number; readonly compute_infer: DurationStat }[];
}
