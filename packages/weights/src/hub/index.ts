export { browserCache } from './browser-cache.ts';
export type { FileFolder, FolderListing, OpenedFile } from './file-folder.ts';
export { HubError, type HubErrorCode } from './hub-error.ts';
export type { HubOptions, LocatedFile } from './hub-options.ts';
export { loadWeights, type WeightsReference } from './load-weights.ts';
export type { LoadedWeights, Preprocessing, StatedArchitecture } from './loaded-weights.ts';
export { memoryCache } from './memory-cache.ts';
export type { ProgressEvent } from './progress-event.ts';
export type { Sha256 } from './sha256.ts';
export { Stalled, Watchdog } from './watchdog.ts';
export {
  type CacheEntry,
  cacheSizeBytes,
  clearCache,
  type PartialFile,
  type PartialIdentity,
  type StoredFile,
  type StoredInfo,
  type WeightsCache,
} from './weights-cache.ts';
