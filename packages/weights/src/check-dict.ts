import type { StateDict } from './host-tensor.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import { countElements } from './weights-index.ts';

/** @throws WeightsFormatError where a tensor's data is not its shape's. */
export function checkDict(dict: StateDict): void {
  for (const [name, { shape, data }] of dict) {
    if (countElements(shape) === data.length) continue;
    const text = `expected ${countElements(shape)} elements for [${shape}], got ${data.length}; mend the tensor before writing it`;
    throw new WeightsFormatError('corrupt', name, text);
  }
}
