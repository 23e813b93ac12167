import type { FileFolder } from './file-folder.ts';
import type { ProgressEvent } from './progress-event.ts';
import type { Sha256 } from './sha256.ts';
import type { WeightsCache } from './weights-cache.ts';

/** How weights are fetched and kept; every field has a default that works in a browser. */
export interface HubOptions {
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Default Cache Storage where there is one, else memory, for as long as the page or process lives. */
  readonly cache?: WeightsCache;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Ends the work with the signal's reason; what was downloaded by then is kept for the next attempt. */
  readonly signal?: AbortSignal;
  /** No request at all: what is not in the cache is an error. Default false. */
  readonly offline?: boolean;
  /**
   * Tokens for private repositories by origin, as `{'https://huggingface.co': 'hf_…'}`. One is sent to its own origin
   * and to no other, wherever a redirect leads, and stands in no message.
   */
  readonly tokens?: Readonly<Record<string, string>>;
  /**
   * Where to fetch from instead of the publisher, in order: a base address, under which each publisher is a folder with its
   * host's name, `host=base` for one publisher alone, or `direct` for the publisher itself.
   */
  readonly mirrors?: readonly string[];
  /** Parts that are fetched at once where the server allows; default 4. */
  readonly parallel?: number;
  /** Bytes of one part; default 1 MiB. */
  readonly segmentBytes?: number;
  /** Attempts in a row without progress; default 5. */
  readonly attempts?: number;
  /** First pause before another attempt, doubled with each, and shortened by chance; default 500. */
  readonly backoffMs?: number;
  /** A server that says nothing for so long is given up; default 30,000. */
  readonly stallTimeoutMs?: number;
  /** Base address of the Hugging Face hub; default `https://huggingface.co`. */
  readonly hubUrl?: string;
  /** Makes a SHA-256 that is fed piece by piece; default in JavaScript. */
  readonly sha256?: () => Sha256;
  /** Told of every part that was received and stored, and at the end of infinitely many bytes; in Node it frees what the part left in memory. */
  readonly onReceived?: (bytes: number) => void;
  /** Which of several networks in a file; see `readStateDict`. */
  readonly entry?: string;
  /** Finds what a path leads to; only where there are paths. */
  readonly locatePath?: (path: string) => Promise<LocatedFile>;
}

/** What a path leads to. */
export interface LocatedFile {
  readonly folder: FileFolder;
  /** The file's name in the folder; `undefined` where the path is the folder's own. */
  readonly file: string | undefined;
}
