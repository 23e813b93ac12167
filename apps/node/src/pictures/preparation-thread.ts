import { parentPort, workerData } from 'node:worker_threads';
import { DecodeError, preprocess, preprocessGrey } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { isKnown } from '../report-error.ts';
import { decodeProblem } from './decode-problem.ts';
import type {
  PreparationAnswer,
  PreparationRequest,
  PreparationResult,
  PreparationSettings,
} from './preparation-threads.ts';

const { preset, isGrey, decode } = workerData as PreparationSettings;

parentPort!.on('message', async ({ number, file }: PreparationRequest) => {
  const result = await prepare(file);
  const answer: PreparationAnswer = { number, result };
  parentPort!.postMessage(answer, 'input' in result ? [result.input.buffer as ArrayBuffer] : []);
});

async function prepare(file: string): Promise<PreparationResult> {
  try {
    const image = await decodeImage(file, decode);
    return { input: isGrey ? preprocessGrey(image, preset) : preprocess(image, preset), notes: image.notes ?? [] };
  } catch (error) {
    if (DecodeError.isInstance(error)) return { problem: decodeProblem(file, error) };
    if (isKnown(error)) return { problem: error.message };
    return { unforeseen: error };
  }
}
