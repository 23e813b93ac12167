import type { Classifier } from '@residual/classifier';
import { EvaluationCounter } from '@residual/train';
import type { ImageNote, PixelImage } from '@residual/vision';
import pMap from 'p-map';
import { chunks } from './chunks.ts';
import { openExamples, type TestExample } from './data/examples.ts';
import { FolderCounts } from './data/folder-counts.ts';
import { evaluationFacts, evaluationLines } from './evaluation-text.ts';
import { exitCode } from './exit-code.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { parseCount } from './parse-count.ts';
import { type DecodeFlags, withFlagNames } from './pictures/decode-flags.ts';
import { DecodeNotes } from './pictures/decode-notes.ts';
import { showProgress } from './progress.ts';
import { isKnown } from './report-error.ts';
import { StorageError } from './s3/storage-error.ts';
import { parseShard } from './shard.ts';
import { print, printJson, say } from './terminal/output.ts';

export interface EvaluateFlags extends ModelFlags, DecodeFlags {
  readonly data: string;
  readonly limit?: string;
  readonly shard?: string;
  readonly json?: boolean;
}

/** An example that cannot be used, in one line. */
interface BadExample {
  readonly example: TestExample;
  readonly problem: string;
}

interface LabelledInput {
  readonly example: TestExample;
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
  const examples = await openExamples(flags, { limit, shard }, signal);
  const { classifier, prepare, chunkSize } = await loadClassifier(flags, examples.numbered, signal);
  const { labels } = classifier;
  const counter = new EvaluationCounter(labels.length);
  const folders = new FolderCounts();
  const notes = new DecodeNotes();
  try {
    const progress = showProgress(examples.count, 'pictures', { printsLines: false });
    try {
      for await (const chunk of chunks(examples.of(labels), chunkSize)) {
        signal.throwIfAborted();
        const batch = await readAll(chunk, prepare);
        const images = batch.filter((entry) => 'input' in entry);
        for (const entry of batch) if ('problem' in entry) progress.say(`residual: ${entry.problem}`);
        for (const { example, notes: found } of images) notes.add(example.name, found);
        for (const entry of batch) folders.add(entry.example.folder, 'input' in entry);
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

/** What is wrong with an example is its result. */
function readAll(
  examples: readonly TestExample[],
  prepare: (image: PixelImage) => Float32Array,
): Promise<(LabelledInput | BadExample)[]> {
  return pMap(
    examples,
    async (example) => {
      try {
        const { image, label } = await example.read();
        return { example, input: prepare(image), label, notes: image.notes ?? [] };
      } catch (error) {
        if (isKnown(error) && !StorageError.isInstance(error))
          return { example, problem: withFlagNames(error.message) };
        throw error;
      }
    },
    { concurrency: CONCURRENCY },
  );
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
