export { type CheckpointFolderOptions, checkpointFolder, readCheckpoint } from './node/checkpoint-folder.ts';
