export { type FileSource, openFileSource } from './file-source.ts';
export { readStateDictFile } from './read-state-dict-file.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
