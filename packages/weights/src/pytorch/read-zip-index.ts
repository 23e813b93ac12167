import { type ByteSource, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { makeCrc32 } from '../crc32.ts';
import { readStorage } from '../read-storage.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileRange, WeightsIndex } from '../weights-index.ts';
import type { ZipFile } from '../zip-file.ts';
import { checkScript } from './check-script.ts';
import { indexTensors } from './index-tensors.ts';
import { loadPersistentId } from './persistent-id.ts';
import type { StorageReference } from './pickle-values.ts';
import { readPickle } from './read-pickle.ts';
import { readScriptAttributes } from './script-code.ts';
import { storedItemSize } from './stored-type.ts';

/** Whether a zip is one that torch writes. */
export function isTorchZip(zip: ZipFile): boolean {
  return zip.has(`${zip.root}/data.pkl`);
}

/**
 * Indexes the container of torch ≥ 1.6: `root/data.pkl`, and `root/data/KEY` for each storage. TorchScript's is the
 * same with `root/code` beside, which nobody runs.
 *
 * @throws WeightsFormatError for a zip that is damaged, or holds no tensors.
 */
export async function readZipIndex(source: ByteSource, zip: ZipFile): Promise<WeightsIndex> {
  const { root } = zip;
  if (zip.has(`${root}/byteorder`)) await checkByteOrder(source, await zip.locate(`${root}/byteorder`));
  const range = await zip.locate(`${root}/data.pkl`);
  const { value } = await readPickle(source, range.offset, range.offset + range.sizeBytes, loadPersistentId);
  // After the parse, so that a pickle that asks for code is refused for that, whatever its checksum.
  await readStorage(source, range, 'data.pkl', makeCrc32());
  const isScript = zip.has(`${root}/constants.pkl`);
  if (isScript) checkScript(source, value);
  const ranges = new Map<string, FileRange>();
  const locate = async (storage: StorageReference) => {
    const known = ranges.get(storage.key) ?? (await zip.locate(`${root}/data/${storage.key}`));
    ranges.set(storage.key, known);
    checkSize(source, storage, known);
    return known;
  };
  if (isScript) return indexTensors(source, 'torchscript', value, locate, await readScriptAttributes(zip));
  return indexTensors(source, 'pytorch-zip', value, locate);
}

async function checkByteOrder(source: ByteSource, range: FileRange): Promise<void> {
  const bytes = await readExactly(source, range.offset, Math.min(range.sizeBytes, 16), 'byteorder');
  const order = new TextDecoder().decode(bytes).trim();
  if (order === 'little') return;
  const text = `expected byte order little, got ${JSON.stringify(order)}; save it again on a little-endian machine`;
  throw new WeightsFormatError('unsupported', source.name, text);
}

function checkSize(source: ByteSource, storage: StorageReference, range: FileRange): void {
  const expected = storage.size * storedItemSize(storage.type);
  if (expected === range.sizeBytes) return;
  const text = `storage ${storage.key}: expected ${expected} bytes, got ${range.sizeBytes}`;
  throw corruptFile(source, text, { offset: range.offset });
}
