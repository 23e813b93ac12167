import { type ByteSource, readExactly } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { PickleError } from './pickle-error.ts';
import type { PickleValue } from './pickle-values.ts';
import { readEmbedded } from './read-embedded.ts';
import { StepBudget } from './step-budget.ts';
import { type Unpickled, unpickle } from './unpickler.ts';

/**
 * Reads the pickle that begins at `start` of the source, in windows, so that the arrays inside it are not held. The end
 * is a position in the source.
 *
 * @throws WeightsFormatError for what `unpickle` refuses.
 */
export async function readPickle(
  source: ByteSource,
  start: number,
  end: number,
  persistentLoad: (id: PickleValue) => PickleValue,
  budget: StepBudget = new StepBudget(),
): Promise<Unpickled> {
  try {
    return await unpickle(start, end, {
      read: (offset, length) => readExactly(source, offset, length, 'pickle'),
      persistentLoad,
      loadEmbedded: (bytes) => readEmbedded(source, bytes, budget),
      budget,
    });
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    const offset = error.offset ?? start;
    const advice =
      error.code === 'corrupt' || error.code === 'truncated'
        ? 'the file is cut off, corrupt or not written by torch.save'
        : 'save the weights alone, with torch.save(model.state_dict(), path)';
    const place = error.code === 'forbidden-global' ? '' : `pickle at byte ${offset}: `;
    const text = `${place}${error.message}; ${advice}`;
    throw new WeightsFormatError(error.code, source.name, text, { offset });
  }
}
