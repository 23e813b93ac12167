import { openFileSource } from './file-source.ts';
import { type ReadStateDictOptions, type ReadStateDictResult, readStateDict } from './read-state-dict.ts';

/**
 * Reads a state dict from a path, tensor by tensor, so that the file is never held beside the tensors.
 *
 * @throws WeightsFormatError for a file that is damaged, not weights, or asks for code.
 * @throws WeightsSourceError where there is no such file, or it cannot be read.
 */
export async function readStateDictFile(
  path: string,
  options: ReadStateDictOptions = {},
): Promise<ReadStateDictResult> {
  const source = await openFileSource(path);
  try {
    return await readStateDict(source, options);
  } finally {
    await source.close();
  }
}
