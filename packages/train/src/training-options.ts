import type { VarSource } from '@residual/blocks';
import type { Engine } from '@residual/compile';
import type { TrainingData } from './batches.ts';
import type { CheckpointStore, EpochRecord } from './checkpoint.ts';
import type { Evaluation } from './metrics.ts';
import type { ModelBuilder } from './model.ts';
import type { Schedule } from './schedule.ts';
import type { StepOptions } from './training-step.ts';

/** Pictures for an evaluation, in batches of the training's size; of each the first `count` are real. */
export interface EvaluationBatch {
  readonly images: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly count: number;
}

export interface TrainOptions extends StepOptions {
  readonly model: ModelBuilder;
  readonly data: TrainingData;
  readonly epochs: number;
  /** Learning rate of each step. */
  readonly schedule: Schedule;
  /** First values of the variables: `randomVars({ seed })`, or a state dict's. A checkpoint comes before them. */
  readonly initial: VarSource;
  /** Compiles the step and runs it, e.g. `tensorflow()`; left out, tfjs's current backend steps eagerly. */
  readonly engine?: Engine;
  /** Goes on from its newest checkpoint, and saves after each epoch and when stopped. */
  readonly checkpoints?: CheckpointStore;
  /** Saves after so many steps too. */
  readonly checkpointSteps?: number;
  /** Test pictures, asked for anew for each evaluation. */
  readonly evaluation?: () => AsyncIterable<EvaluationBatch>;
  /** Evaluates after every so many epochs, and after the last; default 1. */
  readonly evaluateEvery?: number;
  /** Batches made ahead of the step that takes them; default 2. */
  readonly prefetch?: number;
  /** Stops after the step under way, and saves. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export type TrainingEvent =
  | {
      readonly kind: 'step';
      /** Steps done, and to do in all. */
      readonly step: number;
      readonly steps: number;
      /** Counts from 1. */
      readonly epoch: number;
      readonly loss: number;
      /** Percentage of right answers in the epoch so far. */
      readonly accuracy: number;
      readonly learningRate: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: 'epoch';
      readonly record: EpochRecord;
      /** All epochs so far, this one the last. */
      readonly history: readonly EpochRecord[];
      readonly evaluation?: Evaluation;
    }
  | { readonly kind: 'checkpoint'; readonly step: number };
