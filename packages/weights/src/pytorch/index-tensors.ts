import type { ByteSource } from '../byte-source.ts';
import { itemSize } from '../dtype.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import {
  checkView,
  countElements,
  type StorageRange,
  type TensorEntry,
  type WeightsFormat,
  type WeightsIndex,
} from '../weights-index.ts';
import { findStateDict } from './find-state-dict.ts';
import type { PickleValue, StorageReference } from './pickle-values.ts';

/**
 * Makes the index of a PyTorch file from what its pickle held; `locate` says where a storage's bytes are.
 *
 * @throws WeightsFormatError where a tensor reaches outside its storage, or overlapping tensors outgrow the file.
 */
export async function indexTensors(
  source: ByteSource,
  format: WeightsFormat,
  root: PickleValue,
  locate: (storage: StorageReference) => StorageRange | Promise<StorageRange>,
): Promise<WeightsIndex> {
  const { tensors: found, notes } = findStateDict(source.name, root);
  const tensors = new Map<string, TensorEntry>();
  const views = new Map<string, TensorEntry>();
  let bytesLeft = source.sizeBytes;
  for (const [name, { storage, dtype, offset, shape, stride }] of found) {
    const view = [storage.key, dtype, offset + storage.viewOffset, shape, stride].join('|');
    let entry = views.get(view);
    if (entry === undefined) {
      entry = { dtype, shape, stride, offset: offset + storage.viewOffset, storage: await locate(storage) };
      checkView(source.name, name, entry);
      bytesLeft -= countElements(shape) * itemSize(dtype);
      if (bytesLeft < 0) {
        const text = `${name}: expected tensors of at most the file's ${source.sizeBytes} bytes, got overlapping views of more; clone() them before saving`;
        throw new WeightsFormatError('too-large', source.name, text);
      }
      views.set(view, entry);
    }
    tensors.set(name, entry);
  }
  return { format, stateDicts: [{ path: '', tensors }], facts: new Map(), metadata: {}, notes };
}
