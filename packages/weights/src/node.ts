export { type FileSource, openFileSource } from './file-source.ts';
export { hashFile } from './hash-file.ts';
export { cacheFolder, hubFromEnvironment, keepsPacked, type NodeHubOptions, packedFolder } from './hub/environment.ts';
export { folderCache } from './hub/folder-cache.ts';
export { tryFolderLock } from './hub/folder-lock.ts';
export { readStateDictFile } from './read-state-dict-file.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
