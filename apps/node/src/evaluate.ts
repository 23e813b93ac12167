import type { Classifier } from '@residual/classifier';
import { EvaluationCounter } from '@residual/train';
import type { ImageNote, PixelImage } from '@residual/vision';
import { FolderCounts } from './data/folder-counts.ts';
import { openTestData, type TestData, testDataFor } from './data/test-data.ts';
import { evaluationFacts, evaluationLines } from './evaluation-text.ts';
import { exitCode } from './exit-code.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { mapLimited } from './map-limited.ts';
import { parseCount } from './parse-count.ts';
import { type DecodeFlags, parseDecodeFlags, withFlagNames } from './pictures/decode-flags.ts';
import { DecodeNotes } from './pictures/decode-notes.ts';
import { showProgress } from './progress.ts';
import { isKnown } from './report-error.ts';
import { parseShard, takeShard } from './shard.ts';
import { print, printJson, say } from './terminal/output.ts';

export interface EvaluateFlags extends ModelFlags, DecodeFlags {
  readonly data: string;
  readonly limit?: string;
  readonly shard?: string;
  readonly json?: boolean;
}

/** An example that cannot be used, in one line. */
interface BadExample {
  readonly index: number;
  readonly problem: string;
}

interface LabelledInput {
  readonly index: number;
  readonly input: Float32Array;
  readonly label: number;
  readonly notes: readonly ImageNote[];
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/** Runs a model over a labelled data set and prints how good it is. Gives the exit code. */
export async function evaluate(flags: EvaluateFlags, signal: AbortSignal): Promise<number> {
  const limit = flags.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', flags.limit);
  const shard = parseShard(flags.shard);
  const decode = parseDecodeFlags(flags);
  const opened = await openTestData(flags.data, decode);
  const { size } = opened.pictures;
  const chosen = takeShard([...Array(Math.min(limit, size)).keys()], shard);
  const read = async (index: number): Promise<PixelImage> => (await opened.pictures.read(chosen[index]!)).image;
  const { classifier, prepare, chunkSize } = await loadClassifier(flags, { count: chosen.length, read }, signal);
  const { labels } = classifier;
  const counter = new EvaluationCounter(labels.length);
  const folders = new FolderCounts();
  const notes = new DecodeNotes();
  try {
    const data = testDataFor(opened, labels);
    const progress = showProgress(chosen.length, 'pictures', { printsLines: false });
    try {
      for (let start = 0; start < chosen.length; start += chunkSize) {
        signal.throwIfAborted();
        const batch = await readPart(data, chosen.slice(start, start + chunkSize), prepare);
        const images = batch.filter((entry) => 'input' in entry);
        for (const entry of batch) if ('problem' in entry) progress.say(`residual: ${entry.problem}`);
        for (const { index, notes: found } of images) notes.add(data.fileOf?.(index) ?? `picture ${index}`, found);
        for (const entry of batch) folders.add(data.folderOf?.(entry.index), 'input' in entry);
        await addBatch(counter, classifier, images, signal);
        progress.advance(batch.length);
      }
    } finally {
      progress.stop();
    }
  } finally {
    await classifier.dispose();
  }
  say(...folders.problems.map((problem) => `residual: ${problem}`), ...notes.lines);
  const { unusable } = folders;
  const evaluation = counter.result();
  if (evaluation.total === 0) return exitCode.badInput;
  if (flags.json) printJson(evaluationFacts(evaluation, labels, unusable));
  else print(...evaluationLines(evaluation, labels, unusable));
  return unusable > 0 ? exitCode.failure : exitCode.success;
}

/** Examples by their indices; what is wrong with one is its result. */
function readPart(
  data: TestData,
  indices: readonly number[],
  prepare: (image: PixelImage) => Float32Array,
): Promise<(LabelledInput | BadExample)[]> {
  return mapLimited(indices, CONCURRENCY, async (index) => {
    try {
      const { image, label } = await data.read(index);
      return { index, input: prepare(image), label, notes: image.notes ?? [] };
    } catch (error) {
      if (isKnown(error)) return { index, problem: withFlagNames(error.message) };
      throw error;
    }
  });
}

async function addBatch(
  counter: EvaluationCounter,
  classifier: Classifier,
  images: readonly LabelledInput[],
  signal: AbortSignal,
): Promise<void> {
  const inputs = images.map(({ input }) => input);
  const rows = await classifier.forward(inputs, { signal });
  for (const [index, logits] of rows.entries()) counter.add(logits, [images[index]!.label]);
}
