import { type ByteSource, readExactly } from '../byte-source.ts';
import { indexTensors } from '../pytorch/index-tensors.ts';
import { PickleError } from '../pytorch/pickle-error.ts';
import { PickleObject } from '../pytorch/pickle-values.ts';
import { readPickle } from '../pytorch/read-pickle.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { WeightsIndex } from '../weights-index.ts';
import { npyHeaderBytes, npyTextOf } from './npy-header.ts';

/**
 * Indexes what `numpy.save(path, state_dict)` writes: an array of one object, the dict, as a pickle.
 *
 * @throws WeightsFormatError for an array of numbers, which has no name, and where the pickle holds no tensors.
 */
export async function readNpyIndex(source: ByteSource): Promise<WeightsIndex> {
  const start = await readExactly(source, 0, Math.min(source.sizeBytes, npyHeaderBytes), 'header');
  const head = npyTextOf(start);
  if (head === undefined || !/'descr'\s*:\s*'\|O'/.test(head.text)) {
    const text =
      'expected weights, got one NumPy array, without a name; save all by name with numpy.savez(path, **state_dict)';
    throw new WeightsFormatError('not-weights', source.name, text);
  }
  const { value } = await readPickle(source, head.dataOffset, source.sizeBytes, refuse);
  const state = value instanceof PickleObject && Array.isArray(value.state) ? value.state : [];
  const elements = state.at(-1);
  const isOne = Array.isArray(elements) && elements.length === 1;
  return indexTensors(source, 'pickle', isOne ? elements[0]! : (elements ?? null), refuse);
}

function refuse(): never {
  throw new PickleError('corrupt', 'expected arrays inside the pickle');
}
