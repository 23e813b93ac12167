import { browserCache, hasCacheStorage } from './browser-cache.ts';
import type { HubOptions } from './hub-options.ts';
import { memoryCache } from './memory-cache.ts';
import type { Transport } from './request.ts';
import { javascriptSha256, type Sha256 } from './sha256.ts';
import type { WeightsCache } from './weights-cache.ts';

/** The options with their defaults, as the parts of the client take them. */
export interface Hub {
  readonly transport: Transport;
  readonly cache: WeightsCache;
  readonly isOffline: boolean;
  readonly mirrors: readonly string[];
  readonly parallel: number;
  readonly segmentBytes: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly hubUrl: string;
  readonly sha256: () => Sha256;
  readonly onReceived: (bytes: number) => void;
  /** What the user should know of how it was got. */
  readonly onNote: (note: string) => void;
}

export function toHub(options: HubOptions, onNote: (note: string) => void): Hub {
  return {
    transport: {
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      tokens: options.tokens ?? {},
      stallTimeoutMs: options.stallTimeoutMs ?? 30_000,
      signal: options.signal,
    },
    cache: options.cache ?? (hasCacheStorage() ? browserCache() : memoryCache()),
    isOffline: options.offline ?? false,
    mirrors: options.mirrors ?? [],
    parallel: options.parallel ?? 4,
    segmentBytes: options.segmentBytes ?? 2 ** 20,
    attempts: options.attempts ?? 5,
    backoffMs: options.backoffMs ?? 500,
    hubUrl: (options.hubUrl ?? 'https://huggingface.co').replace(/\/$/, ''),
    sha256: options.sha256 ?? javascriptSha256,
    onReceived: options.onReceived ?? (() => undefined),
    onNote,
  };
}
