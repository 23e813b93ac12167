import { parentPort, workerData } from 'node:worker_threads';
import type { TrainingData } from '../batches.ts';
import type { Batch } from '../step-runner.ts';
import { TrainError } from '../train-error.ts';
import { type BatchReply, type BatchRequest, type BatchThreadData, failureOf } from './batch-protocol.ts';

// A thread that makes batches, each by itself: what it answers depends on the epoch and the batch's number alone.

const { module, argument } = workerData as BatchThreadData;

function reply(message: BatchReply, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

async function open(): Promise<TrainingData> {
  const { trainingData } = (await import(module)) as { trainingData?: (argument: unknown) => Promise<TrainingData> };
  if (trainingData !== undefined) return trainingData(argument);
  throw new TrainError('BAD_OPTION', module, "expected an export 'trainingData', got none; export that function");
}

async function answer(data: TrainingData, { id, epoch, index }: BatchRequest): Promise<void> {
  try {
    const batches = data.batches(epoch, index)[Symbol.asyncIterator]();
    const { done, value } = await batches.next();
    await batches.return?.();
    if (done)
      throw new TrainError('BAD_DATA', `epoch ${epoch + 1}`, `expected batch ${index}, got the end of the data`);
    const { images, targets } = value as Batch;
    reply({ kind: 'batch', id, batch: { images, targets } }, buffersOf([images, targets]));
  } catch (error) {
    reply({ kind: 'failure', id, failure: failureOf(error) });
  }
}

/** The buffers of arrays that fill theirs, which may go over without being copied. */
function buffersOf(arrays: readonly Float32Array[]): ArrayBuffer[] {
  return arrays.flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
}

try {
  const data = await open();
  const { batchShape, numClasses, stepsPerEpoch } = data;
  parentPort!.on('message', (request: BatchRequest) => answer(data, request));
  reply({ kind: 'ready', shape: { batchShape, numClasses, stepsPerEpoch } });
} catch (error) {
  reply({ kind: 'failure', id: undefined, failure: failureOf(error) });
}
