import type { ByteSource } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { itemSize } from '../dtype.ts';
import { oneLine } from '../one-line.ts';
import { swapBytes } from '../swap-bytes.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { checkView, countElements, type TensorEntry, type WeightsIndex } from '../weights-index.ts';
import type { ZipFile } from '../zip-file.ts';
import { type NpyHeader, npyHeaderBytes, parseNpyHeader } from './npy-header.ts';

/**
 * Indexes an `.npz`, stored or deflated: each array under its name. Arrays are unpacked one by one, when they are read.
 *
 * @throws WeightsFormatError for a zip that is damaged, or has no array of numbers.
 */
export async function readNpzIndex(source: ByteSource, zip: ZipFile): Promise<WeightsIndex> {
  const tensors = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  for (const file of zip.names()) {
    const name = file.slice(0, -'.npy'.length);
    const header = parseNpyHeader(await zip.readStart(file, npyHeaderBytes));
    if (header === undefined) leftOut.push(oneLine(name, 60));
    else tensors.set(name, entryOf(source, zip, file, header));
  }
  if (tensors.size === 0) {
    const text = `expected arrays of numbers, got an .npz of ${leftOut.slice(0, 4).join(', ')}; save arrays of float32 with numpy.savez`;
    throw new WeightsFormatError('no-tensors', source.name, text);
  }
  const unnamed = [...tensors.keys()].filter((name) => /^arr_\d+$/.test(name));
  if (unnamed.length === tensors.size) {
    const text = `expected arrays by name, got ${unnamed.length} without names; save them with numpy.savez(path, **state_dict)`;
    throw new WeightsFormatError('no-tensors', source.name, text);
  }
  const notes = leftOut.length === 0 ? [] : [`left out, being no arrays of numbers: ${leftOut.slice(0, 4).join(', ')}`];
  return { format: 'npz', stateDicts: [{ path: '', tensors }], facts: new Map(), metadata: {}, notes };
}

function entryOf(source: ByteSource, zip: ZipFile, file: string, header: NpyHeader): TensorEntry {
  const { dtype, shape, stride, dataOffset, isBigEndian } = header;
  const sizeBytes = countElements(shape) * itemSize(dtype);
  if (dataOffset + sizeBytes !== zip.sizeOf(file)) {
    const text = `${file}: expected ${dataOffset + sizeBytes} bytes for ${dtype} [${shape}], got ${zip.sizeOf(file)}`;
    throw corruptFile(source, text);
  }
  const read = async () => {
    const bytes = (await zip.read(file)).subarray(dataOffset);
    return isBigEndian ? swapBytes(bytes, itemSize(dtype)) : bytes;
  };
  const entry = { dtype, shape, stride, offset: 0, storage: { sizeBytes, read } };
  checkView(source.name, file, entry);
  return entry;
}
