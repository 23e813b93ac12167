import type { ByteSource } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { WeightsIndex } from '../weights-index.ts';

/** Refuses for now. */
export async function readHdf5Index(source: ByteSource): Promise<WeightsIndex> {
  throw new WeightsFormatError('not-weights', source.name, 'expected weights, got an HDF5 file of Keras');
}
