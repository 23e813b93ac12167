import type { ByteSource } from '../byte-source.ts';
import type { FileRange, TensorEntry } from '../weights-index.ts';
import { readTextAttributes } from './attributes.ts';
import { readDataset } from './dataset.ts';
import { isGroup, readMembers } from './group-members.ts';
import { Hdf5File, uint64 } from './hdf5-file.ts';
import { readMessages } from './object-header.ts';

const maxObjects = 20_000;
const maxPathLength = 4096;

/** What an HDF5 file holds, by path without a slash before it. */
export interface Hdf5Contents {
  readonly datasets: ReadonlyMap<string, TensorEntry>;
  /** Datasets of other things than numbers. */
  readonly leftOut: readonly string[];
  /** Text attributes of groups, by the group's path; the root's is empty. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Reads the tables of an HDF5 file, as h5py and Keras write it, and no data.
 *
 * @param range Where in the source it lies.
 * @param isSkipped Groups that are not opened, by their paths.
 * @throws WeightsFormatError where it is damaged, or uses what only newer writers do.
 * @see https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
 */
export async function walkHdf5(
  source: ByteSource,
  range: FileRange,
  isSkipped: (path: string) => boolean,
): Promise<Hdf5Contents> {
  const file = new Hdf5File(source, range);
  const datasets = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  const attributes = new Map<string, ReadonlyMap<string, string>>();
  const stack = [{ path: '', address: await rootAddress(file) }];
  const groups = new Set<number>();
  const known = new Map<number, TensorEntry | undefined>();
  const keep = (path: string, entry: TensorEntry | undefined) => {
    if (entry === undefined) leftOut.push(path);
    else datasets.set(path, entry);
  };
  let left = maxObjects;
  for (let object = stack.pop(); object !== undefined; object = stack.pop()) {
    const { path, address } = object;
    // A group that hangs in itself, or twice.
    if (groups.has(address)) continue;
    // A dataset that hangs twice is one tensor under two names.
    if (known.has(address)) {
      keep(path, known.get(address));
      continue;
    }
    const messages = await readMessages(file, address);
    if (!isGroup(messages)) {
      const entry = await readDataset(file, path, messages);
      known.set(address, entry);
      keep(path, entry);
      continue;
    }
    groups.add(address);
    const texts = await readTextAttributes(file, messages);
    if (texts.size > 0) attributes.set(path, texts);
    const members = [...(await readMembers(file, messages))].reverse();
    left -= members.length;
    if (left < 0) throw file.corrupt(`expected at most ${maxObjects} objects`);
    for (const [name, member] of members) {
      const memberPath = path === '' ? name : `${path}/${name}`;
      if (memberPath.length > maxPathLength)
        throw file.corrupt(`expected paths of at most ${maxPathLength} characters`);
      if (!isSkipped(memberPath)) stack.push({ path: memberPath, address: member });
    }
  }
  return { datasets, leftOut, attributes };
}

async function rootAddress(file: Hdf5File): Promise<number> {
  const what = 'HDF5 superblock';
  const head = await file.view(0, 16, what);
  const version = head.getUint8(8);
  const isOld = version <= 1;
  if (version > 3)
    throw file.unsupported(`${what}: expected version 0 to 3, got ${version}; save it with h5py or Keras`);
  const [offsetBytes, lengthBytes] = isOld
    ? [head.getUint8(13), head.getUint8(14)]
    : [head.getUint8(9), head.getUint8(10)];
  if (offsetBytes !== 8 || lengthBytes !== 8) {
    throw file.unsupported(
      `${what}: expected addresses of 8 bytes, got ${offsetBytes} and ${lengthBytes}; save it with h5py or Keras`,
    );
  }
  const at = isOld ? (version === 0 ? 24 : 28) : 12;
  const view = await file.view(at, 48, what);
  const end = uint64(view, 16);
  if (uint64(view, 0) !== 0)
    throw file.unsupported(`${what}: expected it to begin at byte 0; save it with h5py or Keras`);
  file.checkInside(0, end, 'HDF5 file');
  return uint64(view, isOld ? 40 : 24);
}
