import { availableParallelism } from 'node:os';
import type { TrainingData } from '../batches.ts';
import { checkNumber } from '../check-number.ts';
import type { Batch } from '../step-runner.ts';
import { TrainError } from '../train-error.ts';
import { BatchClient } from './batch-client.ts';

export interface ThreadOptions {
  /** Default: one less than there are cores, at least one and at most four. */
  readonly threads?: number;
  /** Batches that are under way or ready before they are asked for; default twice the threads. */
  readonly ahead?: number;
  /** Ends the threads; a batch that is then asked for is refused with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Batches that threads make. */
export interface ThreadedBatches extends TrainingData {
  /** Ends the threads. Idle ones do not keep the process alive. */
  close(): Promise<void>;
}

/**
 * Training data that threads read, decode and augment ahead of the step. In each of them `module`'s export
 * `trainingData(argument)` makes all of it anew, and is asked for single batches: the numbers are those of the same function
 * on the main thread, bit for bit.
 *
 * @param module A JavaScript module.
 * @param argument Anything that `structuredClone` takes; what lies in a `SharedArrayBuffer` is not copied.
 * @throws TrainError what `trainingData` throws; `BAD_DATA` where a thread fails.
 */
export async function threadedBatches(
  module: URL,
  argument: unknown,
  options: ThreadOptions = {},
): Promise<ThreadedBatches> {
  const { threads = Math.min(4, Math.max(1, availableParallelism() - 1)), ahead = 2 * threads, signal } = options;
  for (const [name, value] of Object.entries({ threads, ahead })) checkNumber(name, value, { from: 1, isWhole: true });
  signal?.throwIfAborted();
  const clients = Array.from({ length: threads }, () => new BatchClient({ module: module.href, argument }));
  const endAll = async (reason: unknown): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(clients.map((client) => client.end(reason)));
  };
  const onAbort = (): void => {
    void endAll(signal!.reason);
  };
  signal?.addEventListener('abort', onAbort);
  const [shape] = await Promise.all(clients.map((client) => client.shape)).catch(async (error: unknown) => {
    await endAll(error);
    throw signal?.aborted ? signal.reason : error;
  });
  const ask = (epoch: number, index: number): Promise<Batch> =>
    clients.reduce((least, client) => (client.load < least.load ? client : least)).ask(epoch, index);
  return {
    ...shape!,
    async *batches(epoch, first) {
      const waiting: Promise<Batch>[] = [];
      let next = first;
      for (let step = first; step < shape!.stepsPerEpoch; step++) {
        for (; next < shape!.stepsPerEpoch && waiting.length < ahead; next++) {
          const batch = ask(epoch, next);
          // Whoever takes it sees the failure; until then it is nobody's.
          batch.catch(() => undefined);
          waiting.push(batch);
        }
        yield await waiting.shift()!;
      }
    },
    close: () => endAll(new TrainError('BAD_OPTION', 'data', 'expected open threads, got closed ones; open them anew')),
  };
}
