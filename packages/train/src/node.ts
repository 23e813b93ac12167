export { type CheckpointFolderOptions, checkpointFolder, readCheckpoint } from './node/checkpoint-folder.ts';
export { readCifar10, readCifar100 } from './node/cifar.ts';
export { findUnreadable, type UnreadableOptions, type UnreadablePicture } from './node/find-unreadable.ts';
export type { LabelledFile } from './node/image-files.ts';
export { type ImageFolder, readImageFolder } from './node/image-folder.ts';
export { recipeBatches } from './node/recipe-batches.ts';
export { type ThreadedBatches, type ThreadOptions, threadedBatches } from './node/threaded-batches.ts';
