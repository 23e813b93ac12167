import type { Classifier } from '@residual/classifier';
import { cifar10Classes } from '@residual/vision/cifar10';
import { readCifar10Test } from './data/cifar10.ts';
import { DataError } from './data/data-error.ts';
import { readImageFolder } from './data/image-folder.ts';
import type { LabelledImage, LabelledImages } from './data/labelled-images.ts';
import { exitCode } from './exit-code.ts';
import { loadClassifier, type ModelFlags } from './load-classifier.ts';
import { parseCount } from './parse-count.ts';
import { showProgress } from './progress.ts';
import { UsageError } from './usage-error.ts';

export interface EvaluateFlags extends ModelFlags {
  readonly data: string;
  readonly limit?: string;
  readonly json?: boolean;
}

interface Score {
  correct: number;
  /** Right among the five likeliest. */
  correct5: number;
  total: number;
}

type DataReader = (folder: string, labels: readonly string[]) => Promise<LabelledImages>;

/** Data sets by the kind that `--data KIND:DIR` names. */
const readers: Readonly<Record<string, DataReader>> = {
  cifar10: async (folder, labels) => {
    if (labels.length === cifar10Classes.length) return readCifar10Test(folder);
    const expected = `expected a model of CIFAR-10's ${cifar10Classes.length} classes`;
    throw new DataError(folder, `${expected}, got one of ${labels.length}; take another model or data set`);
  },
  folder: readImageFolder,
};

/** Runs a model over a labelled data set and prints its accuracy. Gives the exit code. */
export async function evaluate(flags: EvaluateFlags, signal: AbortSignal): Promise<number> {
  const limit = flags.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', flags.limit);
  const { folder, read } = parseData(flags.data);
  const { classifier, prepare, chunkSize } = await loadClassifier(flags, signal);
  let failures = 0;
  const score: Score = { correct: 0, correct5: 0, total: 0 };
  try {
    const data = await read(folder, classifier.labels);
    const count = Math.min(limit, data.count);
    const progress = showProgress(count, 'pictures', { printsLines: false });
    try {
      for (let start = 0; start < count; start += chunkSize) {
        signal.throwIfAborted();
        const end = Math.min(count, start + chunkSize);
        const batch = await data.read(start, end, prepare);
        const images = batch.filter((entry) => 'input' in entry);
        for (const entry of batch) if ('problem' in entry) progress.say(`residual: ${entry.problem}`);
        failures += batch.length - images.length;
        if (images.length > 0) await addBatch(score, classifier, images, signal);
        progress.advance(batch.length);
      }
    } finally {
      progress.stop();
    }
  } finally {
    await classifier.dispose();
  }
  if (score.total === 0) return exitCode.badInput;
  process.stdout.write(`${describe(score, flags.json)}\n`);
  return failures > 0 ? exitCode.failure : exitCode.success;
}

function parseData(data: string): { folder: string; read: DataReader } {
  const [, kind, folder] = /^([^:]+):(.+)$/.exec(data) ?? [];
  if (kind !== undefined && folder !== undefined && Object.hasOwn(readers, kind))
    return { folder, read: readers[kind]! };
  throw new UsageError(`--data: expected cifar10:DIR or folder:DIR, got '${data}'`);
}

async function addBatch(
  score: Score,
  classifier: Classifier,
  images: readonly LabelledImage[],
  signal: AbortSignal,
): Promise<void> {
  const rows = await classifier.forward(
    images.map(({ input }) => input),
    { signal },
  );
  rows.forEach((logits, index) => {
    const top = classifier.predict(logits);
    const { label } = images[index]!;
    score.total += 1;
    if (top[0]!.index === label) score.correct += 1;
    if (top.some((prediction) => prediction.index === label)) score.correct5 += 1;
  });
}

function describe({ correct, correct5, total }: Score, json = false): string {
  const top1 = percent(correct, total);
  const top5 = percent(correct5, total);
  if (json) return JSON.stringify({ correct, total, top1, top5 });
  return `${correct} of ${total} pictures right: top-1 ${top1} %, top-5 ${top5} %`;
}

/** To a thousandth of a per cent. */
function percent(part: number, total: number): number {
  return Number(((100 * part) / total).toFixed(3));
}
