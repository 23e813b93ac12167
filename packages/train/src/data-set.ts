import type { PixelImage } from '@residual/vision';

/** A picture and its class's index. */
export interface Example {
  readonly image: PixelImage;
  readonly label: number;
}

/** Labelled pictures that can be read in any order. */
export interface DataSet {
  readonly size: number;
  /** Names of the classes, by index. */
  readonly classes: readonly string[];
  read(index: number): Example | Promise<Example>;
}

/** A part of a data set, such as the first thousand: `subset(data, (index) => index < 1000)`. */
export function subset(data: DataSet, keeps: (index: number) => boolean): DataSet {
  const kept = Array.from({ length: data.size }, (_, index) => index).filter(keeps);
  return { size: kept.length, classes: data.classes, read: (index) => data.read(kept[index]!) };
}
