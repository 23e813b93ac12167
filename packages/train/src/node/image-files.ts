import type { DecodeOptions } from '@residual/vision';
import { decodeImage, type FoundPicture } from '@residual/vision/node';
import type { DataSet } from '../data-set.ts';
import { TrainError } from '../train-error.ts';
import { builtModule } from './built-module.ts';

/** A picture's file and its class's index. */
export interface LabelledFile extends FoundPicture {
  readonly label: number;
}

/** Pictures in files, each decoded when it is read. */
export interface ImageFiles {
  readonly files: readonly LabelledFile[];
  readonly classes: readonly string[];
  readonly decode?: DecodeOptions;
}

export function openDataSet(data: ImageFiles): DataSet {
  const { files, classes, decode } = data;
  return {
    size: files.length,
    classes,
    async read(index) {
      const { path, label, problem } = files[index]!;
      if (problem !== undefined) throw new TrainError('BAD_DATA', path, problem);
      const image = await decodeImage(path, decode).catch((cause: Error) => {
        throw new TrainError('BAD_DATA', path, problemOf(path, cause), cause);
      });
      return { image, label };
    },
    portable: { module: builtModule('image-files').href, data },
  };
}

/** Errors of decoding begin with the file's path, and so does what is made of them. */
function problemOf(path: string, { message }: Error): string {
  const place = `${path}: `;
  return message.startsWith(place)
    ? message.slice(place.length)
    : `expected a picture, got an error: ${message.replace(/\s*\n\s*/g, ' ')}`;
}
