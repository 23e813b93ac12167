/** Smaller ones are not worth keeping. */
const LEAST = 64 * 1024;
/** Bytes that are kept for the next bodies. */
const MOST_KEPT = 64 * 2 ** 20;

/**
 * Memory of long bodies, used again: new memory would be zeroed for each, and stay until it is collected. What is in it are
 * earlier bodies.
 */
export class BodyBuffers {
  /** By their size, the last given back first. */
  readonly #free = new Map<number, Uint8Array[]>();
  #kept = 0;

  /** So many bytes at least, not zeroed. */
  take(length: number): Uint8Array {
    if (length < LEAST) return new Uint8Array(length);
    const size = Math.ceil(length / LEAST) * LEAST;
    const bytes = this.#free.get(size)?.pop();
    if (bytes === undefined) return new Uint8Array(size);
    this.#kept -= size;
    return bytes;
  }

  /** To be called when nobody reads them any more. */
  give(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size < LEAST || size % LEAST !== 0 || this.#kept + size > MOST_KEPT) return;
    const free = this.#free.get(size) ?? [];
    this.#free.set(size, free);
    free.push(bytes);
    this.#kept += size;
  }
}
