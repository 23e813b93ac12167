import type { Classifier } from '@residual/classifier';
import type { PixelImage, Prediction } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { exitCode } from './exit-code.ts';
import { findImages } from './find-images.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { parseCount } from './parse-count.ts';
import { predictionTable } from './prediction-table.ts';
import { showProgress } from './progress.ts';
import { isKnown } from './report-error.ts';

export interface ClassifyFlags extends ModelFlags {
  readonly top: string;
  readonly json?: boolean;
  readonly logits?: boolean;
}

interface Answer {
  readonly file: string;
  readonly top: readonly Prediction[];
  readonly logits: Float32Array;
  /** Milliseconds of the forward pass, its share of the batch. */
  readonly ms: number;
}

/** Classifies pictures batch by batch; one that cannot be read is reported and the rest go on. Gives the exit code. */
export async function classifyImages(
  names: readonly string[],
  flags: ClassifyFlags,
  signal: AbortSignal,
): Promise<number> {
  const k = parseCount('--top', flags.top);
  const files = await findImages(names);
  const { classifier, engine } = await loadClassifier(flags, signal);
  const shown = Math.min(k, classifier.labels.length);
  const progress = showProgress(files.length, 'pictures');
  const answers: Answer[] = [];
  let failures = 0;
  try {
    for (let start = 0; start < files.length; start += classifier.batchSize) {
      signal.throwIfAborted();
      const batch = files.slice(start, start + classifier.batchSize);
      for (const result of await classifyBatch(classifier, batch, shown)) {
        if ('problem' in result) {
          failures += 1;
          progress.say(`residual: ${result.problem}`);
        } else if (flags.json) process.stdout.write(`${toJson(result, engine, flags.logits)}\n`);
        else answers.push(result);
      }
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
    classifier.dispose();
  }
  if (answers.length > 0) process.stdout.write(`${predictionTable(answers)}\n`);
  if (failures === 0) return exitCode.success;
  return failures < files.length ? exitCode.failure : exitCode.badInput;
}

async function classifyBatch(
  classifier: Classifier,
  files: readonly string[],
  k: number,
): Promise<(Answer | { problem: string })[]> {
  const results = new Map<string, Answer | { problem: string }>();
  const images: { file: string; image: PixelImage }[] = [];
  const decoded = await Promise.allSettled(files.map((file) => decodeImage(file)));
  decoded.forEach((outcome, index) => {
    const file = files[index]!;
    if (outcome.status === 'fulfilled') images.push({ file, image: outcome.value });
    else results.set(file, { problem: problemOf(outcome.reason) });
  });
  if (images.length > 0) {
    const batch = classifier.prepare(images.map(({ image }) => image));
    const startMs = performance.now();
    const rows = await classifier.forward(batch);
    const ms = (performance.now() - startMs) / images.length;
    images.forEach(({ file }, index) => {
      results.set(file, answer(classifier, file, rows[index]!, k, ms));
    });
  }
  return files.map((file) => results.get(file)!);
}

function answer(
  classifier: Classifier,
  file: string,
  logits: Float32Array,
  k: number,
  ms: number,
): Answer | { problem: string } {
  try {
    return { file, top: classifier.predict(logits, k), logits, ms };
  } catch (error) {
    return { problem: `${file}: ${problemOf(error)}` };
  }
}

/** The message of what is wrong with a picture; anything else goes up. */
function problemOf(error: unknown): string {
  if (isKnown(error)) return error.message;
  throw error;
}

function toJson({ file, top, logits, ms }: Answer, engine: string, withLogits = false): string {
  const rounded = Number(ms.toFixed(3));
  return JSON.stringify({ file, top, engine, ms: rounded, ...(withLogits && { logits: Array.from(logits) }) });
}
