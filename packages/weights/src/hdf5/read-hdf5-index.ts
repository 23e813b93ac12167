import type { ByteSource } from '../byte-source.ts';
import { indexKeras } from '../keras/index-keras.ts';
import type { WeightsIndex } from '../weights-index.ts';
import { walkHdf5 } from './walk-hdf5.ts';

/**
 * Indexes an HDF5 file: Keras's `.h5` and `.weights.h5`, and others under their own paths.
 *
 * @throws WeightsFormatError where it is damaged, or has no dataset of numbers.
 */
export async function readHdf5Index(source: ByteSource): Promise<WeightsIndex> {
  return indexKeras(source, await walkHdf5(source, { offset: 0, sizeBytes: source.sizeBytes }, isOptimizer), undefined);
}

/** Groups of Keras that hold no weights. */
export function isOptimizer(path: string): boolean {
  return path === 'optimizer_weights' || path === 'optimizer';
}
