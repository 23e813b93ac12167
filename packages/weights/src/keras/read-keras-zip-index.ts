import type { ByteSource } from '../byte-source.ts';
import { isOptimizer } from '../hdf5/read-hdf5-index.ts';
import { walkHdf5 } from '../hdf5/walk-hdf5.ts';
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
  const contents = await walkHdf5(source, await zip.locate(weightsFile), isOptimizer);
  const hasConfig = zip.sizeOf('config.json') <= maxConfigBytes;
  return indexKeras(source, contents, hasConfig ? new TextDecoder().decode(await zip.read('config.json')) : undefined);
}
