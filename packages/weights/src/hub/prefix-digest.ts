import type { Sha256 } from './sha256.ts';
import type { PartialFile } from './weights-cache.ts';

/** The SHA-256 of a partial file, taken of its segments in order as soon as each has all before it. */
export class PrefixDigest {
  readonly #hash: Sha256;
  readonly #partial: PartialFile;
  #next = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(hash: Sha256, partial: PartialFile) {
    this.#hash = hash;
    this.#partial = partial;
  }

  /** Takes the segments that were there before. @throws LostSegment for one that is no longer what was written. */
  resume(): Promise<void> {
    this.#work = this.#work.then(() => this.#takeThoseThere());
    return this.#work;
  }

  /** Takes a segment that was just written, and those after it that waited for it. `bytes` may be used again afterwards. */
  add(index: number, bytes: Uint8Array): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (index !== this.#next) return;
      this.#hash.update(bytes);
      this.#next++;
      await this.#takeThoseThere();
    });
    return this.#work;
  }

  /** The digest in hexadecimal. */
  hex(): string {
    return this.#hash.hex();
  }

  async #takeThoseThere(): Promise<void> {
    while (this.#partial.segments.has(this.#next)) {
      const bytes = await this.#partial.read(this.#next);
      if (bytes === undefined) throw new LostSegment();
      this.#hash.update(bytes);
      this.#next++;
    }
  }
}

/** A segment that the cache no longer has as it was written. */
export class LostSegment extends Error {
  constructor() {
    super('a segment is no longer what was written');
    this.name = 'LostSegment';
  }
}
