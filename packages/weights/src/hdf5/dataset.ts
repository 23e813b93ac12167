import { sourceFromBytes } from '../byte-source.ts';
import { itemSize } from '../dtype.ts';
import { checkRatio, inflate } from '../inflate.ts';
import { swapBytes } from '../swap-bytes.ts';
import { checkView, contiguousStride, countElements, type StorageRange, type TensorEntry } from '../weights-index.ts';
import { type Chunk, readChunks } from './chunks.ts';
import { type Hdf5Type, parseDataspace, parseDatatype } from './datatype.ts';
import { type Filter, parseFilters, unshuffle } from './filters.ts';
import { type Hdf5File, parsing, uint64, undefinedAddress } from './hdf5-file.ts';
import { type HeaderMessage, messageOf, messageTypes } from './object-header.ts';

type NumberType = Extract<Hdf5Type, { kind: 'number' }>;

/**
 * A dataset of numbers as a tensor; `undefined` for other datasets.
 *
 * @throws WeightsFormatError for one that is damaged, or packed by a filter other than gzip, shuffle and fletcher32.
 */
export async function readDataset(
  file: Hdf5File,
  name: string,
  messages: readonly HeaderMessage[],
): Promise<TensorEntry | undefined> {
  const [space, type, layout] = (['dataspace', 'datatype', 'layout'] as const).map((key) =>
    messageOf(messages, messageTypes[key]),
  );
  if (space === undefined || type === undefined || layout === undefined) return undefined;
  const element = parsing(file, name, () => parseDatatype(type));
  if (element.kind !== 'number') return undefined;
  const shape = parsing(file, name, () => parseDataspace(space));
  const sizeBytes = countElements(shape) * itemSize(element.dtype);
  if (!Number.isSafeInteger(sizeBytes)) throw file.corrupt(`${name}: expected a size in memory, got [${shape}]`);
  const storage = await storageOf(file, name, messages, layout, { element, shape, sizeBytes });
  const entry = { dtype: element.dtype, shape, stride: contiguousStride(shape), offset: 0, storage };
  checkView(file.source.name, name, entry);
  return entry;
}

interface Wanted {
  readonly element: NumberType;
  readonly shape: readonly number[];
  readonly sizeBytes: number;
}

async function storageOf(
  file: Hdf5File,
  name: string,
  messages: readonly HeaderMessage[],
  layout: DataView,
  wanted: Wanted,
): Promise<StorageRange> {
  const { sizeBytes, element } = wanted;
  const version = parsing(file, name, () => layout.getUint8(0));
  const kind = parsing(file, name, () => layout.getUint8(version < 3 ? 2 : 1));
  if (version < 1 || version > 4)
    throw file.unsupported(`${name}: expected a layout of version 1 to 4, got ${version}`);
  if (sizeBytes === 0) return { sizeBytes, read: async () => new Uint8Array(0) };

  if (kind === 0) {
    const at = version < 3 ? 8 + 4 * layout.getUint8(1) + 4 : 4;
    const held = layout.byteLength - at;
    if (held < sizeBytes) throw file.corrupt(`${name}: expected ${sizeBytes} bytes, got ${held}`);
    file.claim(sizeBytes, name);
    const bytes = new Uint8Array(layout.buffer, layout.byteOffset + at, sizeBytes);
    return { sizeBytes, read: async () => ordered(bytes, element) };
  }
  if (kind === 1) {
    const address = parsing(file, name, () => uint64(layout, version < 3 ? 8 : 2));
    if (address === undefinedAddress)
      throw file.unsupported(`${name}: expected data, got a dataset that was never written`);
    file.checkInside(address, sizeBytes, name);
    file.claim(sizeBytes, name);
    if (!element.isBigEndian) return { offset: file.range.offset + address, sizeBytes };
    return { sizeBytes, read: async () => ordered(await file.data(address, sizeBytes, name), element) };
  }
  if (kind !== 2) throw file.unsupported(`${name}: expected plain or chunked data, got a virtual dataset`);
  return chunkedStorage(file, name, messages, layout, wanted);
}

async function chunkedStorage(
  file: Hdf5File,
  name: string,
  messages: readonly HeaderMessage[],
  layout: DataView,
  wanted: Wanted,
): Promise<StorageRange> {
  const version = layout.getUint8(0);
  if (version === 4) {
    throw file.unsupported(
      `${name}: expected chunks as h5py and Keras write them, got those of libver='latest'; save it without libver`,
    );
  }
  const rank = wanted.shape.length;
  const { tree, chunkShape } = parsing(file, name, () => {
    const at = version < 3 ? 8 : 3;
    const sizes = Array.from({ length: rank }, (_, axis) => layout.getUint32(at + 8 + 4 * axis, true));
    return { tree: uint64(layout, at), chunkShape: sizes };
  });
  const filterMessage = messageOf(messages, messageTypes.filters);
  const filters = filterMessage === undefined ? [] : parsing(file, name, () => parseFilters(file, name, filterMessage));
  const chunks = await readChunks(file, name, tree, rank);
  const expected = wanted.shape.reduce((product, size, axis) => product * Math.ceil(size / chunkShape[axis]!), 1);
  if (chunks.length !== expected) {
    throw file.unsupported(`${name}: expected all of its ${expected} chunks, got ${chunks.length}`);
  }
  const chunkBytes = countElements(chunkShape) * wanted.element.sizeBytes;
  if (chunkBytes > 2 * wanted.sizeBytes + 1024 * 1024)
    throw file.corrupt(`${name}: expected chunks inside [${wanted.shape}]`);
  for (const { offset, sizeBytes } of chunks) {
    file.checkInside(offset, sizeBytes, name);
    file.claim(sizeBytes, name);
    checkRatio(file.source, name, { packedBytes: sizeBytes, sizeBytes: chunkBytes });
  }
  return {
    sizeBytes: wanted.sizeBytes,
    read: async () => {
      const out = new Uint8Array(wanted.sizeBytes);
      for (const chunk of chunks) {
        const bytes = await unpack(file, name, chunk, filters, chunkBytes, wanted.element.sizeBytes);
        place(out, wanted, chunkShape, chunk.at, bytes);
      }
      return ordered(out, wanted.element);
    },
  };
}

async function unpack(
  file: Hdf5File,
  name: string,
  chunk: Chunk,
  filters: readonly Filter[],
  chunkBytes: number,
  itemBytes: number,
): Promise<Uint8Array> {
  let bytes = await file.data(chunk.offset, chunk.sizeBytes, name);
  for (let i = filters.length - 1; i >= 0; i--) {
    if (chunk.skipped & (1 << i)) continue;
    const filter = filters[i]!;
    if (filter === 'fletcher32') bytes = bytes.subarray(0, Math.max(0, bytes.length - 4));
    else if (filter === 'shuffle') bytes = unshuffle(bytes, itemBytes);
    else bytes = await inflateChunk(file, name, bytes, unpackedBytes(filters, i, chunkBytes));
  }
  if (bytes.length === chunkBytes) return bytes;
  throw file.corrupt(`${name}: expected chunks of ${chunkBytes} bytes, got ${bytes.length}`);
}

function inflateChunk(file: Hdf5File, name: string, bytes: Uint8Array, sizeBytes: number): Promise<Uint8Array> {
  const range = { offset: 0, packedBytes: bytes.length, sizeBytes, format: 'deflate' } as const;
  return inflate(sourceFromBytes(bytes, file.source.name), name, range);
}

/** A checksum that was added before the packing is packed too. */
function unpackedBytes(filters: readonly Filter[], i: number, chunkBytes: number): number {
  return filters.slice(0, i).includes('fletcher32') ? chunkBytes + 4 : chunkBytes;
}

/** Copies a chunk, row by row, to where it stands; what reaches over the edge is left out. */
function place(
  out: Uint8Array,
  { shape, element }: Wanted,
  chunkShape: readonly number[],
  at: readonly number[],
  bytes: Uint8Array,
): void {
  const size = element.sizeBytes;
  const stride = contiguousStride(shape);
  const chunkStride = contiguousStride(chunkShape);
  const counts = shape.map((extent, axis) => Math.min(chunkShape[axis]!, extent - at[axis]!));
  if (counts.some((count) => count <= 0)) return;
  const last = shape.length - 1;
  const rows = counts.slice(0, last).reduce((product, count) => product * count, 1);
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let from = 0;
    let to = at[last]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      const index = rest % counts[axis]!;
      rest = Math.floor(rest / counts[axis]!);
      from += index * chunkStride[axis]!;
      to += (at[axis]! + index) * stride[axis]!;
    }
    out.set(bytes.subarray(from * size, (from + counts[last]!) * size), to * size);
  }
}

function ordered(bytes: Uint8Array, { isBigEndian, sizeBytes }: NumberType): Uint8Array {
  return isBigEndian ? swapBytes(bytes, sizeBytes) : bytes;
}
