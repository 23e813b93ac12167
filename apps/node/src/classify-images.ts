import { basename } from 'node:path';
import type { Classifier } from '@residual/classifier';
import type { Prediction } from '@residual/vision';
import { imagenetHint, sampleFiles } from './embedded-weights.ts';
import { exitCode } from './exit-code.ts';
import { type FoundImage, findInputs } from './find-images.ts';
import { type LoadedClassifier, loadClassifier, type ModelFlags } from './load-classifier.ts';
import { parseCount } from './parse-count.ts';
import { type PartsFlags, parsePartsFlags } from './parts/parts-flags.ts';
import { type Outcome, writeParts } from './parts/write-parts.ts';
import { type DecodeFlags, parseDecodeFlags } from './pictures/decode-flags.ts';
import { PictureReader } from './pictures/picture-reader.ts';
import { countOf, hasArchives, type LocatedImage, picturesOf } from './pictures-of.ts';
import { predictionTable } from './prediction-table.ts';
import { type BadImage, inputsOf, type Preparation, preparedBatches } from './prepared-batches.ts';
import { showProgress } from './progress.ts';
import { isKnown } from './report-error.ts';
import { type AnswerRow, answerRows } from './rows/answer-rows.ts';
import { description } from './rows/row-format.ts';
import { rowSettings } from './rows/row-settings.ts';
import { parseShard, takeShard } from './shard.ts';
import { print, printJson, say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

export interface ClassifyFlags extends ModelFlags, DecodeFlags, PartsFlags {
  readonly top: string;
  readonly json?: boolean;
  readonly logits?: boolean;
}

interface Answer {
  readonly file: string;
  readonly image: FoundImage;
  readonly top: readonly Prediction[];
  readonly logits: Float32Array;
  /** Milliseconds of the forward pass, its share of the batch. */
  readonly ms: number;
}

/** A picture that was tried. */
type Tried<Image extends FoundImage> = (Answer & { readonly image: Image }) | BadImage<Image>;

/** Classifies pictures batch by batch; one that cannot be read is reported and the rest go on. Gives the exit code. */
export async function classifyImages(
  names: readonly string[],
  flags: ClassifyFlags,
  signal: AbortSignal,
): Promise<number> {
  const { from, out, logits = false, json = out !== undefined } = flags;
  const k = parseCount('--top', flags.top);
  if (logits && !json) throw new UsageError('--logits: expected --json beside it, got none; add --json');
  const parts = parsePartsFlags(flags, '.jsonl');
  if (parts === undefined && out !== undefined)
    throw new UsageError(`--out: expected FOLDER/ for parts, got '${out}'; end it in a slash`);
  const shard = parseShard(flags.shard);
  const isSample = names.length === 0 && from === undefined;
  const found = isSample ? sampleFiles().map((file) => ({ file })) : await findInputs({ names, from }, signal);
  const inputs = takeShard(found, shard);
  const reader = new PictureReader(parseDecodeFlags(flags));
  const loaded = await loadClassifier(flags, reader.numbered(found, signal), signal);
  const { classifier } = loaded;
  const topK = Math.min(k, classifier.labels.length);
  const classify = <Image extends FoundImage>(images: AsyncIterable<Image>) =>
    classifyBatches(images, { ...loaded, reader }, topK, signal);
  try {
    if (parts === undefined)
      return await show(classify(picturesOf(inputs, signal)), { flags, inputs, isSample, loaded, reader });
    const format = answerRows(hasArchives(found), logits).find(({ extension }) => extension === parts.extension)!;
    const settings = { ...(await rowSettings({ flags, loaded, reader, inputs }, signal)), top: topK, logits };
    const compute = (images: AsyncIterable<LocatedImage>) => outcomesOf(classify(images), logits);
    const code = await writeParts({ out: out!, ...parts, format, shard, inputs, settings, compute }, signal);
    say(...reader.notes.lines);
    return code;
  } finally {
    await classifier.dispose();
  }
}

interface Shown {
  readonly flags: ClassifyFlags;
  readonly inputs: readonly FoundImage[];
  readonly isSample: boolean;
  readonly loaded: LoadedClassifier;
  readonly reader: PictureReader;
}

/** Lines of JSON as they come, or a table at the end. */
async function show(
  batches: AsyncIterable<readonly Tried<FoundImage>[]>,
  { flags, inputs, isSample, loaded: { engine, isEmbedded }, reader }: Shown,
): Promise<number> {
  // Samples lie deep in a folder that is nobody's.
  const shown = (file: string): string => (isSample ? basename(file) : file);
  const progress = showProgress(countOf(inputs), 'pictures', { printsLines: flags.json ?? false });
  const answers: Answer[] = [];
  const counts = { pictures: 0, failures: 0 };
  try {
    for await (const batch of batches) {
      for (const result of batch) {
        if ('problem' in result) {
          counts.failures += 1;
          progress.say(`residual: ${result.problem}`);
          continue;
        }
        const named = { ...result, file: shown(result.file) };
        if (flags.json) printJson(toJson(named, engine, flags.logits));
        else answers.push(named);
      }
      counts.pictures += batch.length;
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
  }
  if (answers.length > 0) print(...predictionTable(answers));
  say(...reader.notes.lines);
  if (isEmbedded) say(imagenetHint());
  if (counts.failures === 0) return exitCode.success;
  return counts.failures < counts.pictures ? exitCode.failure : exitCode.badInput;
}

async function* outcomesOf(
  batches: AsyncIterable<readonly Tried<LocatedImage>[]>,
  withLogits: boolean,
): AsyncGenerator<Outcome<AnswerRow>, void, undefined> {
  for await (const batch of batches) {
    for (const result of batch) {
      const { next } = result.image;
      if ('problem' in result) yield { next, problem: result.problem };
      else {
        const { file, image, top, logits } = result;
        yield { next, row: { file, ...description(image), top, ...(withLogits && { logits }) } };
      }
    }
  }
}

async function* classifyBatches<Image extends FoundImage>(
  images: AsyncIterable<Image>,
  loaded: LoadedClassifier & Preparation,
  k: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Tried<Image>[], void, undefined> {
  const { classifier } = loaded;
  for await (const batch of preparedBatches(images, loaded, signal)) {
    const inputs = inputsOf(batch);
    const startMs = performance.now();
    const rows = (await classifier.forward(inputs, { signal })).values();
    const ms = (performance.now() - startMs) / inputs.length;
    yield batch.map((tried) =>
      'problem' in tried ? tried : answer(classifier, tried.image, rows.next().value!, { k, ms }),
    );
  }
}

function answer<Image extends FoundImage>(
  classifier: Classifier,
  image: Image,
  logits: Float32Array,
  { k, ms }: { k: number; ms: number },
): Tried<Image> {
  const { file } = image;
  try {
    return { file, image, top: classifier.predict(logits, k), logits, ms };
  } catch (error) {
    if (isKnown(error)) return { file, image, problem: `${file}: ${error.message}` };
    throw error;
  }
}

function toJson({ file, image, top, logits, ms }: Answer, engine: string, withLogits = false): object {
  const rounded = Number(ms.toFixed(3));
  return { file, ...description(image), top, engine, ms: rounded, ...(withLogits && { logits: Array.from(logits) }) };
}
