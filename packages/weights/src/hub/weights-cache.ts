import type { ByteSource } from '../byte-source.ts';

/** What is known of a file that is kept. */
export interface StoredInfo {
  /** The publisher's address, whichever mirror it came from; the file's key. */
  readonly url: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
  /** ETag or Last-Modified of the download, where the server gave one. */
  readonly validator?: string;
  /** When it was stored, in ISO 8601. */
  readonly storedAt: string;
}

/** A whole, checked file; whoever opens it closes it. */
export interface StoredFile extends ByteSource {
  readonly info: StoredInfo;
  close(): Promise<void>;
}

/** One entry of a cache's list. */
export interface CacheEntry {
  readonly url: string;
  readonly fileName: string;
  /** Bytes that it takes now. */
  readonly sizeBytes: number;
  /** False for a download that was broken off, and will be resumed. */
  readonly isWhole: boolean;
}

/** Which download the segments of a partial file belong to. */
export interface PartialIdentity {
  readonly url: string;
  readonly sizeBytes: number | undefined;
  readonly validator: string | undefined;
  readonly segmentBytes: number;
}

/** A file that is being downloaded, in segments of equal size (but the last) that may come in any order. */
export interface PartialFile {
  /** What the segments are of; `undefined` before `begin`. */
  readonly identity: PartialIdentity | undefined;
  /** Lengths of the segments that are there, by index. */
  readonly segments: ReadonlyMap<number, number>;
  /** Drops all segments and starts anew. */
  begin(identity: PartialIdentity): Promise<void>;
  /** Keeps a segment; `bytes` may be used again afterwards. */
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** A segment's bytes, until the next is read; `undefined` where they are no longer those that were written. */
  read(index: number): Promise<Uint8Array | undefined>;
  /** All bytes, to be looked at before they are committed. */
  open(sizeBytes: number): Promise<ByteSource & { close(): Promise<void> }>;
  /** Makes the segments the whole file, at once and for good. */
  commit(info: StoredInfo): Promise<void>;
  /** Drops the segments. */
  discard(): Promise<void>;
  /** Lets go of it; what is there stays for the next attempt. */
  close(): Promise<void>;
}

/** Where downloads are kept. Files are whole and checked, or not there. */
export interface WeightsCache {
  /** What messages call it: a folder, `Cache Storage`. */
  readonly name: string;
  /** A whole file by its address; one that is no longer what was stored is removed. */
  open(url: string): Promise<StoredFile | undefined>;
  /** The partial file of an address; only to be called by the holder of its lock. */
  partial(url: string, fileName: string): Promise<PartialFile>;
  /**
   * Runs `work` while nobody else downloads the same file, in this process or another; a holder that is gone is replaced.
   * Ends with the signal's reason while it waits.
   */
  lock<T>(url: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
  list(): Promise<CacheEntry[]>;
  /** Removes a file, whole or partial, unless it is being downloaded right now; gives the bytes that were freed. */
  delete(url: string): Promise<number>;
}

/** Bytes that a cache takes. */
export async function cacheSizeBytes(cache: WeightsCache): Promise<number> {
  return (await cache.list()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Removes everything that is not being downloaded right now; gives the number of entries and the bytes that were freed. */
export async function clearCache(cache: WeightsCache): Promise<{ count: number; sizeBytes: number }> {
  let count = 0;
  let sizeBytes = 0;
  for (const { url } of await cache.list()) {
    const freed = await cache.delete(url);
    if (freed > 0) count++;
    sizeBytes += freed;
  }
  return { count, sizeBytes };
}
