import { sourceFromBytes } from '../byte-source.ts';
import { concatBytes } from '../concat-bytes.ts';
import { KeyedLocks } from './keyed-locks.ts';
import type { PartialFile, PartialIdentity, StoredFile, StoredInfo, WeightsCache } from './weights-cache.ts';

/** A cache that lives as long as it is held; whole files are one buffer, which tensors can be views of. */
export function memoryCache(): WeightsCache {
  const files = new Map<string, { info: StoredInfo; bytes: Uint8Array }>();
  const partials = new Map<string, MemoryPartial>();
  const locks = new KeyedLocks();
  return {
    name: 'memory',
    async open(url): Promise<StoredFile | undefined> {
      const file = files.get(url);
      if (file === undefined) return undefined;
      return { ...sourceFromBytes(file.bytes, file.info.fileName), info: file.info, close: async () => undefined };
    },
    async partial(url): Promise<PartialFile> {
      const found = partials.get(url);
      if (found !== undefined) return found;
      const partial = new MemoryPartial((info, bytes) => files.set(url, { info, bytes }));
      partials.set(url, partial);
      return partial;
    },
    lock: (url, signal, work) => locks.run(url, signal, work),
    async list() {
      const whole = [...files.values()].map(({ info: { url, fileName, sizeBytes } }) => {
        return { url, fileName, sizeBytes, isWhole: true };
      });
      const broken = [...partials].filter(([, partial]) => partial.sizeBytes > 0);
      return [...whole, ...broken.map(([url, { sizeBytes }]) => ({ url, fileName: url, sizeBytes, isWhole: false }))];
    },
    async delete(url) {
      if (locks.isHeld(url)) return 0;
      const freed = (files.get(url)?.bytes.byteLength ?? 0) + (partials.get(url)?.sizeBytes ?? 0);
      files.delete(url);
      partials.delete(url);
      return freed;
    },
  };
}

class MemoryPartial implements PartialFile {
  readonly #store: (info: StoredInfo, bytes: Uint8Array) => void;
  readonly #lengths = new Map<number, number>();
  #identity: PartialIdentity | undefined;
  /** The whole file's memory, where its size is known. */
  #whole: Uint8Array | undefined;
  #pieces = new Map<number, Uint8Array>();

  constructor(store: (info: StoredInfo, bytes: Uint8Array) => void) {
    this.#store = store;
  }

  get identity(): PartialIdentity | undefined {
    return this.#identity;
  }

  get segments(): ReadonlyMap<number, number> {
    return this.#lengths;
  }

  get sizeBytes(): number {
    return [...this.#lengths.values()].reduce((sum, length) => sum + length, 0);
  }

  async begin(identity: PartialIdentity): Promise<void> {
    await this.discard();
    this.#identity = identity;
    this.#whole = identity.sizeBytes === undefined ? undefined : new Uint8Array(identity.sizeBytes);
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    if (this.#whole === undefined) this.#pieces.set(index, bytes.slice());
    else this.#whole.set(bytes, index * this.#identity!.segmentBytes);
    this.#lengths.set(index, bytes.byteLength);
  }

  async read(index: number): Promise<Uint8Array | undefined> {
    const length = this.#lengths.get(index);
    if (length === undefined || this.#whole === undefined) return this.#pieces.get(index);
    const start = index * this.#identity!.segmentBytes;
    return this.#whole.subarray(start, start + length);
  }

  async open(): ReturnType<PartialFile['open']> {
    return { ...sourceFromBytes(this.#bytes()), close: async () => undefined };
  }

  async commit(info: StoredInfo): Promise<void> {
    this.#store(info, this.#bytes());
    await this.discard();
  }

  async discard(): Promise<void> {
    this.#identity = undefined;
    this.#whole = undefined;
    this.#pieces = new Map();
    this.#lengths.clear();
  }

  async close(): Promise<void> {}

  #bytes(): Uint8Array {
    if (this.#whole === undefined) {
      const ordered = [...this.#pieces].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      this.#whole = concatBytes(ordered);
    }
    return this.#whole;
  }
}
