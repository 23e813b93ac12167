export { type CheckpointFolderOptions, checkpointFolder, readCheckpoint } from './node/checkpoint-folder.ts';
export { readCifar10, readCifar100 } from './node/cifar.ts';
export { readImageFolder } from './node/image-folder.ts';
export { recipeBatches } from './node/recipe-batches.ts';
export { type ThreadedBatches, type ThreadOptions, threadedBatches } from './node/threaded-batches.ts';
