/** Of one length, as many as run at once. */
const MOST_FREE = 2;

/** Memory of joined batches, used again: new memory would be zeroed for each, and stay until it is collected. */
export class BatchBuffers {
  readonly #free = new Map<number, Float32Array[]>();

  /** Arrays end to end. */
  join(inputs: readonly Float32Array[]): Float32Array {
    const size = inputs[0]!.length;
    const length = inputs.length * size;
    const batch = this.#free.get(length)?.pop() ?? new Float32Array(length);
    for (const [index, input] of inputs.entries()) batch.set(input, index * size);
    return batch;
  }

  /** To be called when nobody reads it any more. */
  give(batch: Float32Array): void {
    const free = this.#free.get(batch.length) ?? [];
    this.#free.set(batch.length, free);
    if (free.length < MOST_FREE) free.push(batch);
  }
}
