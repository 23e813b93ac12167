import { type ByteSource, readExactly } from '../byte-source.ts';
import { makeCrc32 } from '../crc32.ts';
import { itemSize } from '../dtype.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { StorageRange, WeightsIndex } from '../weights-index.ts';
import { indexTensors } from './index-tensors.ts';
import type { StorageReference } from './pickle-values.ts';
import { readPickle } from './read-pickle.ts';
import { loadStorageReference } from './storage-reference.ts';
import { StoredZip } from './stored-zip.ts';

/**
 * Indexes the container of torch ≥ 1.6: `root/data.pkl`, and `root/data/KEY` for each storage.
 *
 * @throws WeightsFormatError for a zip that is damaged, or not written by `torch.save`.
 */
export async function readZipIndex(source: ByteSource): Promise<WeightsIndex> {
  const zip = await StoredZip.open(source);
  const { root } = zip;
  if (!zip.has(`${root}/data.pkl`)) {
    const text =
      'expected a zip written by torch.save, got one without data.pkl; save with torch.save(model.state_dict(), path)';
    throw new WeightsFormatError('not-weights', source.name, text);
  }
  if (zip.has(`${root}/constants.pkl`)) {
    const text = 'expected weights, got a TorchScript module; save with torch.save(module.state_dict(), path)';
    throw new WeightsFormatError('unsupported', source.name, text);
  }
  if (zip.has(`${root}/byteorder`)) await checkByteOrder(source, await zip.locate(`${root}/byteorder`));

  const range = await zip.locate(`${root}/data.pkl`);
  const { value } = await readPickle(source, range.offset, range.offset + range.sizeBytes, loadStorageReference);
  await checkPickleChecksum(source, range);
  const ranges = new Map<string, StorageRange>();
  return indexTensors(source, 'pytorch-zip', value, async (storage) => {
    const known = ranges.get(storage.key) ?? (await zip.locate(`${root}/data/${storage.key}`));
    ranges.set(storage.key, known);
    checkSize(source, storage, known);
    return known;
  });
}

/** After the parse, so that a pickle that asks for code is refused for that, whatever its checksum. */
async function checkPickleChecksum(source: ByteSource, range: StorageRange): Promise<void> {
  const bytes = await readExactly(source, range.offset, range.sizeBytes, 'data.pkl');
  if (makeCrc32()(bytes) === range.crc32) return;
  const text = 'data.pkl: expected another checksum; the file is corrupt, fetch it again';
  throw new WeightsFormatError('corrupt', source.name, text, { offset: range.offset });
}

async function checkByteOrder(source: ByteSource, range: StorageRange): Promise<void> {
  const bytes = await readExactly(source, range.offset, Math.min(range.sizeBytes, 16), 'byteorder');
  const order = new TextDecoder().decode(bytes).trim();
  if (order === 'little') return;
  const text = `expected byte order little, got ${JSON.stringify(order)}; save it again on a little-endian machine`;
  throw new WeightsFormatError('unsupported', source.name, text);
}

function checkSize(source: ByteSource, storage: StorageReference, range: StorageRange): void {
  const expected = storage.size * (storage.dtype === 'untyped' ? 1 : itemSize(storage.dtype));
  if (expected === range.sizeBytes) return;
  const text = `storage ${storage.key}: expected ${expected} bytes, got ${range.sizeBytes}; the file is corrupt, fetch it again`;
  throw new WeightsFormatError('corrupt', source.name, text, { offset: range.offset });
}
