import type { PrecisionOptions } from '@residual/classifier';
import type { PixelImage } from '@residual/vision';
import { FOLDER_PICTURES, RUN_PICTURES } from './calibration-counts.ts';
import { findImages } from './find-images.ts';
import { type DecodeFlags, parseDecodeFlags } from './pictures/decode-flags.ts';
import { PictureReader } from './pictures/picture-reader.ts';
import { isKnown } from './report-error.ts';
import { say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

/** In how many bits a network computes, as commands take it. */
export interface PrecisionFlags extends DecodeFlags {
  readonly precision: NonNullable<PrecisionOptions['precision']>;
  readonly calibrate?: string;
  readonly calibratePercentile: string;
}

/** Pictures that can be read by their numbers. */
export interface NumberedPictures {
  readonly count: number;
  read(index: number): Promise<PixelImage>;
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/**
 * The flags as the library takes them. Pictures for `int8` are read once an engine asks for them: those of the folder that is
 * named, else some of the run's own.
 *
 * @throws UsageError for flags that do not go together, or are no number.
 */
export function parsePrecisionFlags(
  flags: PrecisionFlags,
  run: NumberedPictures,
  signal: AbortSignal,
): PrecisionOptions {
  const { precision, calibrate } = flags;
  const percentile = parsePercentile(flags.calibratePercentile);
  if (precision !== 'int8') {
    if (calibrate !== undefined)
      throw new UsageError(`--calibrate: expected --precision int8 beside it, got ${precision}; leave it out`);
    return precision === 'fp32' ? {} : { precision };
  }
  const calibration = calibrate === undefined ? ofRun(run) : ofFolder(calibrate, flags, signal);
  return { precision, calibration, percentile };
}

async function* ofRun(run: NumberedPictures): AsyncGenerator<PixelImage, void, undefined> {
  const count = Math.min(run.count, RUN_PICTURES);
  if (count === 0)
    throw new UsageError(
      '--precision int8: expected --calibrate FOLDER beside archives alone, got none; name a folder',
    );
  const pictures = count === 1 ? 'one picture' : `${count} pictures`;
  say(`note: int8 has its ranges from ${pictures} of this run; --calibrate FOLDER takes others`);
  yield* spread(run, count);
}

async function* ofFolder(
  folder: string,
  flags: DecodeFlags,
  signal: AbortSignal,
): AsyncGenerator<PixelImage, void, undefined> {
  const files = await findImages([folder], signal);
  const reader = new PictureReader(parseDecodeFlags(flags));
  const read = (index: number): Promise<PixelImage> => reader.read(files[index]!, signal);
  yield* spread({ count: files.length, read }, Math.min(files.length, FOLDER_PICTURES));
}

/** So many pictures, as far apart as can be, without those that cannot be read. @throws UsageError where none can */
async function* spread({ count, read }: NumberedPictures, wanted: number): AsyncGenerator<PixelImage, void, undefined> {
  const chosen = Array.from({ length: wanted }, (_, index) => Math.floor((index * count) / wanted));
  let good = 0;
  for (let start = 0; start < wanted; start += CONCURRENCY) {
    for (const picture of await Promise.all(chosen.slice(start, start + CONCURRENCY).map(orNothing(read)))) {
      if (picture === undefined) continue;
      good += 1;
      yield picture;
    }
  }
  if (good === 0)
    throw new UsageError('--calibrate: expected pictures by which int8 finds its ranges, got none that can be read');
}

/** The run itself says what is wrong with a picture. */
function orNothing(read: NumberedPictures['read']): (index: number) => Promise<PixelImage | undefined> {
  return async (index) => {
    try {
      return await read(index);
    } catch (error) {
      if (isKnown(error)) return undefined;
      throw error;
    }
  };
}

function parsePercentile(text: string): number {
  const percentile = Number(text);
  if (text.trim() !== '' && percentile > 0 && percentile <= 100) return percentile;
  throw new UsageError(`--calibrate-percentile: expected a number above 0 and up to 100, got '${text}'`);
}
