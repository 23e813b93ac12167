import type { PixelImage } from '@residual/vision';

/** A picture that cannot be used, in one line. */
export interface BadImage {
  readonly problem: string;
}

/** A picture and its class's index. */
export interface LabelledImage {
  readonly image: PixelImage;
  readonly label: number;
}

/** A data set with an answer to every picture. */
export interface LabelledImages {
  readonly count: number;
  /** Pictures from `start` up to `end`, both from 0 to `count`. */
  read(start: number, end: number): Promise<(LabelledImage | BadImage)[]>;
}
