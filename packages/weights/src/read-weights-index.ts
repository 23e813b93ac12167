import type { ByteSource } from './byte-source.ts';
import { detectFormat } from './detect-format.ts';
import { readHdf5Index } from './hdf5/read-hdf5-index.ts';
import { readNpyIndex } from './numpy/read-npy-index.ts';
import { readPickleFileIndex } from './pytorch/read-legacy-index.ts';
import { readTarIndex } from './pytorch/read-tar-index.ts';
import { readZipFileIndex } from './read-zip-file-index.ts';
import { readSafetensorsIndex } from './safetensors/read-safetensors-index.ts';
import type { WeightsIndex } from './weights-index.ts';

/**
 * Reads what a weights file holds (names, types, shapes, places), without the tensors.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 */
export async function readWeightsIndex(source: ByteSource): Promise<WeightsIndex> {
  const readers = {
    safetensors: readSafetensorsIndex,
    zip: readZipFileIndex,
    pickle: readPickleFileIndex,
    tar: readTarIndex,
    hdf5: readHdf5Index,
    npy: readNpyIndex,
  } as const;
  return readers[await detectFormat(source)](source);
}
