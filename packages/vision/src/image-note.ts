/** What a decoder left out that whoever gave the picture may want, in one line. */
export interface ImageNote {
  readonly code: ImageNoteCode;
  /** What was left out, and the option that brings it. */
  readonly text: string;
}

/**
 * `ORIENTATION_NOT_APPLIED`: the file says that it is to be turned, and its pixels are as they are stored.
 * `GREY_CLIPPED`: 16-bit or 32-bit grey was cut off at 255, as PIL does.
 */
export type ImageNoteCode = 'ORIENTATION_NOT_APPLIED' | 'GREY_CLIPPED';
