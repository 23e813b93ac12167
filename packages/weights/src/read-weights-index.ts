import type { ByteSource } from './byte-source.ts';
import { type Container, detectFormat } from './detect-format.ts';
import { readSafetensorsIndex } from './safetensors/read-safetensors-index.ts';
import type { WeightsIndex } from './weights-index.ts';

/**
 * Reads what a weights file holds (names, types, shapes, places), without the tensors.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 */
export async function readWeightsIndex(source: ByteSource): Promise<WeightsIndex> {
  const read = await readerOf(await detectFormat(source));
  return read(source);
}

/** Imported when a file wants it, so that a page carries no reader that it doesn't need. */
async function readerOf(container: Container): Promise<(source: ByteSource) => Promise<WeightsIndex>> {
  switch (container) {
    case 'safetensors':
      return readSafetensorsIndex;
    case 'zip':
      return (await import('./read-zip-file-index.ts')).readZipFileIndex;
    case 'pickle':
      return (await import('./pytorch/read-legacy-index.ts')).readPickleFileIndex;
    case 'tar':
      return (await import('./pytorch/read-tar-index.ts')).readTarIndex;
    case 'hdf5':
      return (await import('./keras/read-hdf5-index.ts')).readHdf5Index;
    case 'npy':
      return (await import('./numpy/read-npy-index.ts')).readNpyIndex;
  }
}
