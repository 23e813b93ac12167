import type { PixelImage } from '@residual/vision';
import type { BadImage, PreparedImage } from '../prepare-files.ts';

/** A prepared picture and its class's index. */
export interface LabelledImage extends PreparedImage {
  readonly label: number;
}

/** A data set with an answer to every picture. */
export interface LabelledImages {
  readonly count: number;
  /** Pictures from `start` up to `end`, both from 0 to `count`, as `prepare` makes them. */
  read(start: number, end: number, prepare: (image: PixelImage) => Float32Array): Promise<(LabelledImage | BadImage)[]>;
}
