import type { CalibrationSamples, CompileOptions, Precision } from '@residual/compile';
import type { ResNet } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';
import { type PictureOptions, pictureOptionsOf } from './picture-options.ts';
import { prepareImage } from './prepare-image.ts';
import { type ImageInput, readImage } from './read-image.ts';

/** Pictures, or what the network takes of them: `[cropPx, cropPx, inChannels] float32`, as `prepare` gives it. */
export type CalibrationPictures = Iterable<ImageInput | Float32Array> | AsyncIterable<ImageInput | Float32Array>;

/** In how many bits an engine computes. */
export interface PrecisionOptions {
  /**
   * `fp32`, `fp16`, `bf16` or `int8`; default: what the engines were made with, else `fp32`. An engine that has not what is asked for is
   * passed over, and where none has it, that is an error.
   */
  readonly precision?: Precision;
  /**
   * For `int8`: pictures like those that will come, some tens or a few hundred; they run through the network once, in float32, for
   * the ranges of its values. Read one by one when an engine asks for them.
   */
  readonly calibration?: CalibrationPictures;
  /**
   * For `int8`: how many of a value's numbers, in percent, its range holds at least; larger ones are cut off, and the others
   * have finer steps. Default 100: all.
   */
  readonly percentile?: number;
}

/**
 * What engines are asked for.
 *
 * @throws ClassifierError for a precision that is none, or that nobody is there to compute in, and for `int8` without pictures.
 */
export function compileOptionsOf(
  options: PrecisionOptions & PictureOptions,
  { inChannels }: Pick<ResNet, 'inChannels'>,
  preset: Preset,
  engineCount: number,
): CompileOptions {
  const { precision, calibration, percentile } = options;
  const pictureOptions = pictureOptionsOf(options);
  if (precision === undefined) return {};
  if (!['fp32', 'fp16', 'bf16', 'int8'].includes(precision))
    throw bad('precision', 'fp32, fp16, bf16 or int8', precision);
  if (precision === 'fp32') return { precision };
  if (engineCount === 0) throw bad('precision', 'engines beside it, as tfjs computes in fp32', precision);
  if (precision !== 'int8') return { precision };
  if (calibration === undefined) throw bad('calibration', 'pictures, by which int8 finds its ranges', 'none');
  const prepared = async (): Promise<CalibrationSamples> => {
    const samples: { image: Float32Array }[] = [];
    for await (const picture of calibration) {
      const image =
        picture instanceof Float32Array
          ? picture
          : prepareImage(await readImage(picture, pictureOptions), preset, inChannels);
      samples.push({ image });
    }
    if (samples.length > 0) return samples;
    throw bad('calibration', 'at least one picture, by which int8 finds its ranges', 'none');
  };
  return { precision, calibration: prepared, ...(percentile !== undefined && { percentile }) };
}

function bad(option: string, expected: string, got: string): ClassifierError {
  return new ClassifierError('BAD_OPTION', `${option}: expected ${expected}, got ${got}`);
}
