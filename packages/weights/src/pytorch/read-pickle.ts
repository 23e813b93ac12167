import { type ByteSource, readExactly } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { PickleError } from './pickle-error.ts';
import type { PickleValue } from './pickle-values.ts';
import { type Unpickled, unpickle } from './unpickler.ts';

const maxPickleBytes = 64 * 1024 * 1024;

/**
 * Reads the pickle that begins at `start` of the source, in windows that grow, since a pickle does not tell its length.
 * The end is a position in the source.
 *
 * @throws WeightsFormatError for what `unpickle` refuses.
 */
export async function readPickle(
  source: ByteSource,
  start: number,
  end: number,
  persistentLoad: (id: PickleValue) => PickleValue,
): Promise<Unpickled> {
  const available = Math.min(end - start, maxPickleBytes);
  for (let window = Math.min(available, 256 * 1024); ; window = Math.min(available, window * 8)) {
    const bytes = await readExactly(source, start, window, 'pickle');
    try {
      const { value, end: length } = unpickle(bytes, 0, persistentLoad);
      return { value, end: start + length };
    } catch (error) {
      if (!(error instanceof PickleError)) throw error;
      if (error.code === 'truncated' && window < available) continue;
      throw pickleFormatError(source, start, error);
    }
  }
}

function pickleFormatError(source: ByteSource, start: number, error: PickleError): WeightsFormatError {
  const offset = start + (error.offset ?? 0);
  const text =
    error.code === 'forbidden-global'
      ? `${error.message}; save the weights alone, with torch.save(model.state_dict(), path)`
      : `pickle at byte ${offset}: ${error.message}; the file is cut off, corrupt or not written by torch.save`;
  return new WeightsFormatError(error.code, source.name, text, { offset });
}
