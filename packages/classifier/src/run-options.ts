export interface RunOptions {
  /** Ends the work with the signal's reason: between two batches, by an engine also within one. */
  readonly signal?: AbortSignal;
}
