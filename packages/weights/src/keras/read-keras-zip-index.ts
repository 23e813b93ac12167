import type { ByteSource } from '../byte-source.ts';
import type { WeightsIndex } from '../weights-index.ts';
import type { ZipFile } from '../zip-file.ts';
import { indexKeras } from './index-keras.ts';

const weightsFile = 'model.weights.h5';
const maxConfigBytes = 64 * 1024 * 1024;

/**
 * Indexes a `.keras` file: the HDF5 file in it, which lies there as it is, under the names of its config.
 *
 * @throws WeightsFormatError where it is damaged, or has no weights.
 */
export async function readKerasZipIndex(source: ByteSource, zip: ZipFile): Promise<WeightsIndex> {
  const hasConfig = zip.sizeOf('config.json') <= maxConfigBytes;
  const config = hasConfig ? new TextDecoder().decode(await zip.read('config.json')) : undefined;
  return indexKeras(source, await zip.locate(weightsFile), config);
}
