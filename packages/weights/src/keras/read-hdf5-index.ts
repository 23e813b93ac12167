import type { ByteSource } from '../byte-source.ts';
import type { WeightsIndex } from '../weights-index.ts';
import { indexKeras } from './index-keras.ts';

/**
 * Indexes an HDF5 file: Keras's `.h5` and `.weights.h5`, and others under their own paths.
 *
 * @throws WeightsFormatError where it is damaged, or has no dataset of numbers.
 */
export function readHdf5Index(source: ByteSource): Promise<WeightsIndex> {
  return indexKeras(source, { offset: 0, sizeBytes: source.sizeBytes }, undefined);
}
