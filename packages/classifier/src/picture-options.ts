import type { DecodeOptions, ImageNote } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';
import type { ImageInput } from './read-image.ts';

/** How files of pictures are read; decoded pixels are taken as they are. */
export interface PictureOptions extends DecodeOptions {
  /** Is told what was left out of a picture that whoever gave it may want, such as its orientation. */
  readonly onNote?: (note: ImageNote, image: ImageInput) => void;
}

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/**
 * The options that are there, of an object that may have others beside.
 *
 * @throws ClassifierError for values that are none.
 */
export function pictureOptionsOf({ orient, maxPixels, grey16, onNote }: Optional<PictureOptions>): PictureOptions {
  if (orient !== undefined && typeof orient !== 'boolean') throw bad('orient', 'true or false', orient);
  if (maxPixels !== undefined && !(maxPixels >= 1)) throw bad('maxPixels', 'a number of pixels from 1', maxPixels);
  if (grey16 !== undefined && !['clip', 'high-byte'].includes(grey16)) throw bad('grey16', 'clip or high-byte', grey16);
  if (onNote !== undefined && typeof onNote !== 'function') throw bad('onNote', 'a function', onNote);
  return {
    ...(orient !== undefined && { orient }),
    ...(maxPixels !== undefined && { maxPixels }),
    ...(grey16 !== undefined && { grey16 }),
    ...(onNote !== undefined && { onNote }),
  };
}

function bad(option: string, expected: string, got: unknown): ClassifierError {
  return new ClassifierError('BAD_OPTION', `${option}: expected ${expected}, got ${String(got).slice(0, 80)}`);
}
