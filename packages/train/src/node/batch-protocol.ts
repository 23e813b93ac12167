import type { TrainingData } from '../batches.ts';
import type { Batch } from '../step-runner.ts';
import { TrainError, type TrainErrorCode } from '../train-error.ts';

/** What a thread is started with. */
export interface BatchThreadData {
  /** URL of the module whose export `trainingData` takes `argument`. */
  readonly module: string;
  readonly argument: unknown;
}

export interface BatchRequest {
  readonly id: number;
  readonly epoch: number;
  readonly index: number;
}

/** The first message tells the shapes. */
export type BatchReply =
  | { readonly kind: 'ready'; readonly shape: BatchThreadShape }
  | { readonly kind: 'batch'; readonly id: number; readonly batch: Batch }
  | { readonly kind: 'failure'; readonly id: number | undefined; readonly failure: Failure };

export type BatchThreadShape = Pick<TrainingData, 'batchShape' | 'numClasses' | 'stepsPerEpoch'>;

/** An error as data: classes do not go from thread to thread. */
export interface Failure {
  readonly message: string;
  /** Of a TrainError. */
  readonly train?: { readonly code: TrainErrorCode; readonly place: string };
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return TrainError.isInstance(error) ? { message, train: { code: error.code, place: error.place } } : { message };
}

/** A TrainError as it was, another error as what the thread was found to do at `place`. */
export function errorOf({ message, train }: Failure, place: string): TrainError {
  if (train !== undefined) return new TrainError(train.code, train.place, message.slice(train.place.length + 2));
  const line = message.replace(/\s*\n\s*/g, ' ');
  return new TrainError('BAD_DATA', place, `expected a batch from its thread, got an error: ${line}`);
}
