import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type DataSet, subset, TrainError } from '@residual/train';
import { findUnreadable, type ImageFolder, readCifar10, readCifar100 } from '@residual/train/node';
import type { DecodeOptions, PixelImage } from '@residual/vision';
import { parseDataSource } from '../data/data-source.ts';
import { openImageFolder } from '../data/open-image-folder.ts';
import { counted, noneUsable } from '../folder-note.ts';
import { withFlagNames } from '../pictures/decode-flags.ts';
import { DecodeNotes } from '../pictures/decode-notes.ts';
import { showProgress } from '../progress.ts';
import { say } from '../terminal/output.ts';

/** A picture that is trained and tested without. */
export interface LeftOut {
  /** Its name below the data's folder. */
  readonly file: string;
  /** Why, in one line that names it. */
  readonly problem: string;
}

export interface TrainingParts {
  readonly train: DataSet;
  readonly test: DataSet;
  readonly leftOut: readonly LeftOut[];
}

export interface TrainingDataOptions {
  /** At most so many pictures of each part. */
  readonly limit?: number | undefined;
  /** Pictures of a folder that an earlier start found to be unusable; left out, all that are needed are decoded to find them. */
  readonly leftOut?: readonly LeftOut[];
  readonly decode?: DecodeOptions | undefined;
  readonly signal?: AbortSignal;
}

/** Of a folder without parts of its own, every so manieth picture is a test picture. */
const HELD_OUT = 5;

/**
 * Pictures to train on and to test on. What a folder has besides, and each picture that is left out, is told on stderr.
 *
 * @throws UsageError for a kind of data that there is not; TrainError for unusable data, the signal's reason.
 */
export async function readTrainingParts(data: string, options: TrainingDataOptions = {}): Promise<TrainingParts> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const { kind, folder } = parseDataSource(data);
  const { train, test, leftOut } =
    kind === 'folder' ? await readFolderParts(folder, options) : await cifar(kind, folder);
  const limited = (whole: DataSet): DataSet => (whole.size <= limit ? whole : subset(whole, (index) => index < limit));
  return { train: limited(train), test: limited(test), leftOut };
}

async function cifar(kind: 'cifar10' | 'cifar100', folder: string): Promise<TrainingParts> {
  const read = { cifar10: readCifar10, cifar100: readCifar100 }[kind];
  return { train: await read(folder, 'train'), test: await read(folder, 'test'), leftOut: [] };
}

/** `DIR/train` and `DIR/val`; or `DIR` alone, of which a part is held out, evenly over its classes. */
async function readFolderParts(folder: string, options: TrainingDataOptions): Promise<TrainingParts> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const hasParts = await stat(join(folder, 'train')).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (hasParts) {
    const train = await readUsable(folder, 'train', limit, options);
    const test = await readUsable(folder, 'val', limit, options);
    return { train: train.usable, test: test.usable, leftOut: [...train.leftOut, ...test.leftOut] };
  }
  const { usable, leftOut } = await readUsable(folder, '', limit * HELD_OUT, options);
  const isTest = (index: number): boolean => index % HELD_OUT === HELD_OUT - 1;
  return { train: subset(usable, (index) => !isTest(index)), test: subset(usable, isTest), leftOut };
}

/** The first `enough` pictures of class folders that can be decoded, those after them, and those that can't. */
async function readUsable(
  folder: string,
  part: string,
  enough: number,
  { leftOut: known, decode, signal }: TrainingDataOptions,
): Promise<{ usable: DataSet; leftOut: readonly LeftOut[] }> {
  const root = join(folder, part);
  const whole = await openImageFolder(root, decode);
  const leftOut = known ?? (await findBad(folder, whole, enough, signal));
  const names = new Set(leftOut.map(({ file }) => file));
  const isUsable = (index: number): boolean => !names.has(relative(folder, whole.files[index]!.path));
  const usable = subset(whole, isUsable);
  checkClasses(root, whole, isUsable);
  const count = whole.size - usable.size;
  if (count > 0) {
    const when = known === undefined ? '' : ', as when the run began';
    say(`${root}: ${counted(usable.size, 'picture')}; ${counted(count, 'more picture')} left out${when}`);
  }
  return { usable, leftOut };
}

async function findBad(
  folder: string,
  whole: ImageFolder,
  enough: number,
  signal: AbortSignal | undefined,
): Promise<readonly LeftOut[]> {
  const progress = showProgress(whole.size, 'pictures looked at', { printsLines: false, logs: true });
  try {
    const notes = new DecodeNotes();
    const onImage = (path: string, image: PixelImage): void => notes.add(path, image.notes);
    const onProgress = (count: number): void => progress.advance(count);
    const unreadable = await findUnreadable(whole, { enough, onImage, onProgress, ...(signal && { signal }) });
    const leftOut = unreadable.map(({ path, problem }) => ({
      file: relative(folder, path),
      problem: withFlagNames(problem),
    }));
    for (const { problem } of leftOut) progress.say(`residual: ${problem}`);
    for (const line of notes.lines) progress.say(line);
    return leftOut;
  } finally {
    progress.stop();
  }
}

/** @throws TrainError by the name of a class of which no picture can be used. */
function checkClasses(root: string, { classes, files }: ImageFolder, isUsable: (index: number) => boolean): void {
  const usable = classes.map(() => 0);
  for (const [index, { label }] of files.entries()) if (isUsable(index)) usable[label]! += 1;
  const empty = usable.indexOf(0);
  if (empty < 0) return;
  const count = files.filter(({ label }) => label === empty).length;
  throw new TrainError('BAD_DATA', join(root, classes[empty]!), noneUsable(count));
}
