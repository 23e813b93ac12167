import type { Evaluation } from './metrics.ts';
import type { HostValues } from './model.ts';

/** What is known of an epoch when it is over. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** Steps until its end. */
  readonly step: number;
  /** Mean over the epoch's batches, as they were augmented, while the parameters moved. */
  readonly trainLoss: number;
  /** Percentage of wrong answers, likewise. */
  readonly trainError: number;
  /** At its last step. */
  readonly learningRate: number;
  readonly seconds: number;
  /** Percentage of wrong answers, where the epoch was evaluated. */
  readonly testError?: number;
  readonly testLoss?: number;
}

/** Where a training is, in numbers; plain JSON. */
export interface TrainingProgress {
  /** Steps done. */
  readonly step: number;
  /** A training that goes on must have as many. */
  readonly stepsPerEpoch?: number;
  /** Of the epoch under way. */
  readonly epoch: {
    readonly loss: number;
    readonly correct: number;
    readonly pictures: number;
    readonly seconds: number;
  };
  readonly history: readonly EpochRecord[];
  /** The checkpoint with the highest top-1, of those that were evaluated. */
  readonly best?: { readonly step: number; readonly top1: number };
}

/** Everything a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly progress: TrainingProgress;
  readonly state: HostValues;
}

/** Where checkpoints are kept; `@residual/train/node` has one in a folder. */
export interface CheckpointStore {
  /** Keeps a checkpoint whole or not at all. @throws TrainError `UNWRITABLE`; those kept before are then as they were. */
  save(checkpoint: Checkpoint): Promise<void>;
  /** The newest whole one, if there is any. */
  latest(): Promise<Checkpoint | undefined>;
}

/** Evaluation in few numbers, for a record. */
export function testNumbers({ top1, loss }: Evaluation): { testError: number; testLoss: number } {
  return { testError: 100 - top1, testLoss: loss };
}
