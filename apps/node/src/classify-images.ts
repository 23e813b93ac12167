import { basename } from 'node:path';
import type { Classifier } from '@residual/classifier';
import type { Prediction } from '@residual/vision';
import { imagenetHint, sampleFiles } from './embedded-weights.ts';
import { exitCode } from './exit-code.ts';
import { findImages } from './find-images.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { parseCount } from './parse-count.ts';
import { type DecodeFlags, parseDecodeFlags } from './pictures/decode-flags.ts';
import { PictureReader } from './pictures/picture-reader.ts';
import { predictionTable } from './prediction-table.ts';
import { type BadImage, inputsOf, type PreparedImage, preparedBatches } from './prepared-batches.ts';
import { showProgress } from './progress.ts';
import { isKnown } from './report-error.ts';
import { parseShard, takeShard } from './shard.ts';
import { print, printJson, say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

export interface ClassifyFlags extends ModelFlags, DecodeFlags {
  readonly top: string;
  readonly json?: boolean;
  readonly logits?: boolean;
  readonly shard?: string;
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
  if (flags.logits && !flags.json) throw new UsageError('--logits: expected --json beside it, got none; add --json');
  const found = names.length === 0 ? sampleFiles().map((file) => ({ file })) : await findImages(names);
  const files = takeShard(found, parseShard(flags.shard));
  // Samples lie deep in a folder that is nobody's.
  const shown = (file: string): string => (names.length === 0 ? basename(file) : file);
  const reader = new PictureReader(parseDecodeFlags(flags));
  const loaded = await loadClassifier(flags, reader.numbered(files, signal), signal);
  const { classifier, engine, isEmbedded } = loaded;
  const topK = Math.min(k, classifier.labels.length);
  const progress = showProgress(files.length, 'pictures', { printsLines: flags.json ?? false });
  const answers: Answer[] = [];
  let failures = 0;
  try {
    for await (const batch of preparedBatches(files, { ...loaded, reader }, signal)) {
      for (const result of await classifyBatch(classifier, batch, topK, signal)) {
        if ('problem' in result) {
          failures += 1;
          progress.say(`residual: ${result.problem}`);
          continue;
        }
        const named = { ...result, file: shown(result.file) };
        if (flags.json) printJson(toJson(named, engine, flags.logits));
        else answers.push(named);
      }
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
    await classifier.dispose();
  }
  if (answers.length > 0) print(...predictionTable(answers));
  say(...reader.notes.lines);
  if (isEmbedded) say(imagenetHint());
  if (failures === 0) return exitCode.success;
  return failures < files.length ? exitCode.failure : exitCode.badInput;
}

async function classifyBatch(
  classifier: Classifier,
  batch: readonly (PreparedImage | BadImage)[],
  k: number,
  signal: AbortSignal,
): Promise<(Answer | BadImage)[]> {
  const inputs = inputsOf(batch);
  const startMs = performance.now();
  const rows = (await classifier.forward(inputs, { signal })).values();
  const ms = (performance.now() - startMs) / inputs.length;
  return batch.map((image) =>
    'problem' in image ? image : answer(classifier, image.file, rows.next().value!, { k, ms }),
  );
}

function answer(
  classifier: Classifier,
  file: string,
  logits: Float32Array,
  { k, ms }: { k: number; ms: number },
): Answer | BadImage {
  try {
    return { file, top: classifier.predict(logits, k), logits, ms };
  } catch (error) {
    if (isKnown(error)) return { file, problem: `${file}: ${error.message}` };
    throw error;
  }
}

function toJson({ file, top, logits, ms }: Answer, engine: string, withLogits = false): object {
  const rounded = Number(ms.toFixed(3));
  return { file, top, engine, ms: rounded, ...(withLogits && { logits: Array.from(logits) }) };
}
