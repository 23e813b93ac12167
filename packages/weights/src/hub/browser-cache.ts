import type { ByteSource } from '../byte-source.ts';
import { cacheError } from './cache-error.ts';
import { KeyedLocks } from './keyed-locks.ts';
import type {
  CacheEntry,
  PartialFile,
  PartialIdentity,
  StoredFile,
  StoredInfo,
  WeightsCache,
} from './weights-cache.ts';

const CACHE_NAME = 'residual-weights';

/** Keys of Cache Storage have to be addresses; nothing is ever asked of this one. */
const KEY_BASE = 'https://weights.residual.invalid/';

/** What is under a file's key: of a whole file its info, of a partial one what its segments are of. */
interface Head {
  /** Of which attempt the segments are; those of others are litter. */
  readonly generation: string;
  readonly segmentBytes: number;
  readonly info?: StoredInfo;
  readonly identity?: PartialIdentity;
}

/** Whether this page or worker has Cache Storage; browsers give it to https pages and to localhost. */
export function hasCacheStorage(): boolean {
  return 'caches' in globalThis;
}

/**
 * A cache in the browser's Cache Storage, for all pages and workers of the origin. A file lies there in segments, which
 * survive a reload, and are read one at a time.
 */
export function browserCache(): WeightsCache {
  const pageLocks = new KeyedLocks();
  const locks = () => (globalThis.navigator as Navigator | undefined)?.locks;
  return {
    name: 'Cache Storage',
    open: (url) => guard(() => openStored(url)),
    partial: (url) => guard(() => BrowserPartial.open(url)),
    lock(url, signal, work) {
      const manager = locks();
      if (manager === undefined) return pageLocks.run(url, signal, work);
      return manager.request(lockName(url), signal ? { signal } : {}, work);
    },
    list: () => guard(listEntries),
    async delete(url) {
      const manager = locks();
      if (manager === undefined) return pageLocks.isHeld(url) ? 0 : guard(() => deleteEntry(url));
      return manager.request(lockName(url), { ifAvailable: true }, (lock) =>
        lock === null ? 0 : guard(() => deleteEntry(url)),
      );
    },
  };
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cacheError('Cache Storage', error);
  }
}

function lockName(url: string): string {
  return `${CACHE_NAME} ${url}`;
}

function headKey(url: string, kind: 'whole' | 'partial'): string {
  return `${KEY_BASE}${kind}/${encodeURIComponent(url)}`;
}

function segmentKey(url: string, generation: string, index: number): string {
  return `${KEY_BASE}segment/${encodeURIComponent(url)}/${generation}/${index}`;
}

async function readHead(cache: Cache, url: string, kind: 'whole' | 'partial'): Promise<Head | undefined> {
  const response = await cache.match(headKey(url, kind));
  return response === undefined ? undefined : ((await response.json()) as Head);
}

async function writeHead(cache: Cache, url: string, kind: 'whole' | 'partial', head: Head): Promise<void> {
  await cache.put(headKey(url, kind), new Response(JSON.stringify(head)));
}

/** Lengths of the segments of one generation, by index. */
async function readLengths(cache: Cache, url: string, generation: string): Promise<Map<number, number>> {
  const prefix = segmentKey(url, generation, 0).slice(0, -1);
  const lengths = new Map<number, number>();
  for (const request of await cache.keys()) {
    if (!request.url.startsWith(prefix)) continue;
    const response = await cache.match(request);
    const length = Number(response?.headers.get('content-length'));
    lengths.set(Number(request.url.slice(prefix.length)), length);
  }
  return lengths;
}

/** Removes the segments of a file, but those of one generation. */
async function sweep(cache: Cache, url: string, kept: string | undefined): Promise<void> {
  const prefix = `${KEY_BASE}segment/${encodeURIComponent(url)}/`;
  const keptPrefix = kept === undefined ? undefined : `${prefix}${kept}/`;
  for (const request of await cache.keys()) {
    if (!request.url.startsWith(prefix)) continue;
    if (keptPrefix === undefined || !request.url.startsWith(keptPrefix)) await cache.delete(request);
  }
}

async function openStored(url: string): Promise<StoredFile | undefined> {
  const cache = await caches.open(CACHE_NAME);
  const head = await readHead(cache, url, 'whole');
  if (head?.info === undefined) return undefined;
  const { generation, segmentBytes, info } = head;
  const lengths = await readLengths(cache, url, generation);
  // A browser short of space may have dropped some.
  const held = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  if (held !== info.sizeBytes) {
    await cache.delete(headKey(url, 'whole'));
    await sweep(cache, url, undefined);
    return undefined;
  }
  const source = segmentSource(cache, {
    url,
    generation,
    segmentBytes,
    name: info.fileName,
    sizeBytes: info.sizeBytes,
  });
  return { ...source, info, close: async () => undefined };
}

interface SegmentPlace {
  readonly url: string;
  readonly generation: string;
  readonly segmentBytes: number;
  readonly name: string;
  readonly sizeBytes: number;
}

/** Reads across segments; the last one used is kept at hand. */
function segmentSource(cache: Cache, place: SegmentPlace): ByteSource {
  const { url, generation, segmentBytes, name, sizeBytes } = place;
  let last: { index: number; bytes: Promise<Uint8Array> } | undefined;
  const segment = (index: number): Promise<Uint8Array> => {
    if (last?.index !== index) last = { index, bytes: readSegment(cache, url, generation, index) };
    return last.bytes;
  };
  return {
    name,
    sizeBytes,
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
      for (let filled = 0; filled < bytes.byteLength; ) {
        const at = offset + filled;
        const index = Math.floor(at / segmentBytes);
        const held = (await segment(index)).subarray(at - index * segmentBytes).subarray(0, bytes.byteLength - filled);
        if (held.byteLength === 0) return bytes.subarray(0, filled);
        bytes.set(held, filled);
        filled += held.byteLength;
      }
      return bytes;
    },
  };
}

async function readSegment(cache: Cache, url: string, generation: string, index: number): Promise<Uint8Array> {
  const response = await cache.match(segmentKey(url, generation, index));
  return new Uint8Array((await response?.arrayBuffer()) ?? new ArrayBuffer(0));
}

async function listEntries(): Promise<CacheEntry[]> {
  const cache = await caches.open(CACHE_NAME);
  const entries: CacheEntry[] = [];
  for (const request of await cache.keys()) {
    const [, kind, encoded] =
      /^https:\/\/weights\.residual\.invalid\/(whole|partial)\/([^/]+)$/.exec(request.url) ?? [];
    if (kind !== 'whole' && kind !== 'partial') continue;
    const url = decodeURIComponent(encoded!);
    const head = await readHead(cache, url, kind);
    if (head === undefined) continue;
    const lengths = await readLengths(cache, url, head.generation);
    const sizeBytes = [...lengths.values()].reduce((sum, length) => sum + length, 0);
    const fileName = head.info?.fileName ?? new URL(url).pathname.split('/').pop() ?? url;
    entries.push({ url, fileName, sizeBytes, isWhole: kind === 'whole' });
  }
  return entries;
}

async function deleteEntry(url: string): Promise<number> {
  const sizeBytes = (await listEntries())
    .filter((entry) => entry.url === url)
    .reduce((sum, entry) => sum + entry.sizeBytes, 0);
  const cache = await caches.open(CACHE_NAME);
  await cache.delete(headKey(url, 'whole'));
  await cache.delete(headKey(url, 'partial'));
  await sweep(cache, url, undefined);
  return sizeBytes;
}

class BrowserPartial implements PartialFile {
  readonly #cache: Cache;
  readonly #url: string;
  #head: Head | undefined;
  #lengths = new Map<number, number>();

  private constructor(cache: Cache, url: string) {
    this.#cache = cache;
    this.#url = url;
  }

  static async open(url: string): Promise<BrowserPartial> {
    const partial = new BrowserPartial(await caches.open(CACHE_NAME), url);
    partial.#head = await readHead(partial.#cache, url, 'partial');
    if (partial.#head !== undefined) {
      partial.#lengths = await readLengths(partial.#cache, url, partial.#head.generation);
    }
    return partial;
  }

  get identity(): PartialIdentity | undefined {
    return this.#head?.identity;
  }

  get segments(): ReadonlyMap<number, number> {
    return this.#lengths;
  }

  async begin(identity: PartialIdentity): Promise<void> {
    await this.discard();
    const head = { generation: crypto.randomUUID(), segmentBytes: identity.segmentBytes, identity };
    await guard(() => writeHead(this.#cache, this.#url, 'partial', head));
    this.#head = head;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    const body = new Response(bytes.slice(), { headers: { 'Content-Length': String(bytes.byteLength) } });
    await guard(() => this.#cache.put(segmentKey(this.#url, this.#head!.generation, index), body));
    this.#lengths.set(index, bytes.byteLength);
  }

  async read(index: number): Promise<Uint8Array | undefined> {
    const bytes = await readSegment(this.#cache, this.#url, this.#head!.generation, index);
    return bytes.byteLength === this.#lengths.get(index) ? bytes : undefined;
  }

  async open(sizeBytes: number): ReturnType<PartialFile['open']> {
    const { generation, segmentBytes } = this.#head!;
    const place = { url: this.#url, generation, segmentBytes, name: this.#url, sizeBytes };
    return { ...segmentSource(this.#cache, place), close: async () => undefined };
  }

  /** The one entry that makes the segments a file. */
  async commit(info: StoredInfo): Promise<void> {
    const { generation, segmentBytes } = this.#head!;
    await guard(() => writeHead(this.#cache, this.#url, 'whole', { generation, segmentBytes, info }));
    await this.#cache.delete(headKey(this.#url, 'partial'));
    await sweep(this.#cache, this.#url, generation);
    this.#forget();
  }

  async discard(): Promise<void> {
    await this.#cache.delete(headKey(this.#url, 'partial'));
    const whole = await readHead(this.#cache, this.#url, 'whole');
    await sweep(this.#cache, this.#url, whole?.generation);
    this.#forget();
  }

  async close(): Promise<void> {}

  #forget(): void {
    this.#head = undefined;
    this.#lengths = new Map();
  }
}
