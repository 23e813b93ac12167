/** A picture and how like it is: the cosine of the embeddings, 1 for the same. */
export interface Neighbour {
  readonly file: string;
  readonly similarity: number;
}

/** The `k` files most like a query, of any number that are offered; no more than these are kept. */
export class Nearest {
  readonly #query: Float64Array;
  readonly #k: number;
  readonly #found: Neighbour[] = [];

  constructor(query: Float32Array, k: number) {
    this.#query = unit(query);
    this.#k = k;
  }

  offer(file: string, embedding: Float32Array): void {
    const similarity = unit(embedding).reduce((sum, value, at) => sum + value * this.#query[at]!, 0);
    const at = this.#found.findIndex((other) => other.similarity < similarity);
    this.#found.splice(at < 0 ? this.#found.length : at, 0, { file, similarity });
    if (this.#found.length > this.#k) this.#found.pop();
  }

  /** The most like first; where alike, in the order in which they were offered. */
  get found(): readonly Neighbour[] {
    return this.#found;
  }
}

function unit(vector: Float32Array): Float64Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float64Array.from(vector, (value) => (norm > 0 ? value / norm : 0));
}
