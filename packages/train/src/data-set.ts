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
  /** How another thread comes by the same data set, if it can. */
  readonly portable?: PortableDataSet;
}

/** What a thread makes a data set of. */
export interface PortableDataSet {
  /** URL of a JavaScript module; its export `openDataSet` takes `data` and answers with the data set, or a promise of it. */
  readonly module: string;
  /** Anything that `structuredClone` takes; what lies in a `SharedArrayBuffer` is not copied. */
  readonly data: unknown;
  /** The examples of which it is made, by their index there; left out, all. */
  readonly kept?: readonly number[];
}

/** A part of a data set, such as the first thousand: `subset(data, (index) => index < 1000)`. */
export function subset(data: DataSet, keeps: (index: number) => boolean): DataSet {
  const kept = Array.from({ length: data.size }, (_, index) => index).filter(keeps);
  const { portable } = data;
  return {
    size: kept.length,
    classes: data.classes,
    read: (index) => data.read(kept[index]!),
    ...(portable && {
      portable: { ...portable, kept: portable.kept ? kept.map((index) => portable.kept![index]!) : kept },
    }),
  };
}
