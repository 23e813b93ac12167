import { decodeImage } from '@residual/vision/node';
import type { DataSet } from '../data-set.ts';
import { TrainError } from '../train-error.ts';
import { builtModule } from './built-module.ts';

/** Pictures in files, each decoded when it is read. */
export interface ImageFiles {
  readonly files: readonly { readonly path: string; readonly label: number }[];
  readonly classes: readonly string[];
}

export function openDataSet(data: ImageFiles): DataSet {
  const { files, classes } = data;
  return {
    size: files.length,
    classes,
    async read(index) {
      const { path, label } = files[index]!;
      const image = await decodeImage(path).catch((cause: Error) => {
        throw new TrainError('BAD_DATA', path, `expected a picture, got an error: ${cause.message}`, cause);
      });
      return { image, label };
    },
    portable: { module: builtModule('image-files').href, data },
  };
}
