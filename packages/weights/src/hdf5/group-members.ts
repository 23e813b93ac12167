import { type Hdf5File, parsing, signature, uint, uint64, undefinedAddress } from './hdf5-file.ts';
import { type HeaderMessage, messageOf, messageTypes } from './object-header.ts';

const maxLevels = 16;
const maxNameBytes = 1024;
const maxMembers = 20_000;

/** Whether an object with these messages is a group. */
export function isGroup(messages: readonly HeaderMessage[]): boolean {
  return messages.some(({ type }) => type === messageTypes.symbolTable || type === messageTypes.linkInfo);
}

/**
 * The addresses of a group's members by their names, but for soft and external links.
 *
 * @throws WeightsFormatError for damaged tables, and for a group of the newest format with many members.
 */
export async function readMembers(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Map<string, number>> {
  const table = messageOf(messages, messageTypes.symbolTable);
  if (table !== undefined && table.byteLength >= 16) {
    return readSymbolTable(file, uint64(table, 0), uint64(table, 8));
  }
  const info = messageOf(messages, messageTypes.linkInfo);
  if (info !== undefined) checkCompact(file, info);
  const members = new Map<string, number>();
  for (const { type, data } of messages) if (type === messageTypes.link) addLink(file, members, data);
  return members;
}

function checkCompact(file: Hdf5File, info: DataView): void {
  const at = parsing(file, 'link info', () => (info.getUint8(1) & 1 ? 10 : 2));
  const heap = parsing(file, 'link info', () => uint64(info, at));
  if (heap === undefinedAddress) return;
  throw file.unsupported(
    "expected groups as h5py and Keras write them, got one of libver='latest' with many members; save it without libver",
  );
}

function addLink(file: Hdf5File, members: Map<string, number>, data: DataView): void {
  parsing(file, 'link', () => {
    const flags = data.getUint8(1);
    let at = 2;
    const kind = flags & 8 ? data.getUint8(at++) : 0;
    if (flags & 4) at += 8;
    if (flags & 16) at += 1;
    const sizeBytes = 1 << (flags & 3);
    const length = uint(data, at, sizeBytes);
    at += sizeBytes;
    if (length > maxNameBytes || at + length > data.byteLength) throw new RangeError();
    const name = new TextDecoder().decode(new Uint8Array(data.buffer, data.byteOffset + at, length));
    if (kind === 0) members.set(name, uint64(data, at + length));
  });
}

async function readSymbolTable(file: Hdf5File, tree: number, heapAddress: number): Promise<Map<string, number>> {
  const head = await file.view(heapAddress, 32, 'local heap');
  if (signature(head) !== 'HEAP') throw file.corrupt('local heap: expected its signature');
  const heap = await file.view(uint64(head, 24), uint64(head, 8), 'local heap');
  const members = new Map<string, number>();
  const decoder = new TextDecoder();
  const nameAt = (offset: number) => {
    if (offset >= heap.byteLength) throw file.corrupt('local heap: expected a name inside it');
    const length = Math.min(maxNameBytes + 1, heap.byteLength - offset);
    const bytes = new Uint8Array(heap.buffer, heap.byteOffset + offset, length);
    const end = bytes.indexOf(0);
    if (end < 0) throw file.corrupt(`local heap: expected names of at most ${maxNameBytes} bytes`);
    return decoder.decode(bytes.subarray(0, end));
  };
  const nodes = [{ address: tree, level: maxLevels }];
  const seen = new Set<number>();
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (seen.has(node.address)) throw file.corrupt('group: expected each node of its tree once');
    seen.add(node.address);
    const start = await file.view(node.address, 8, 'group');
    if (signature(start) === 'SNOD') {
      const count = start.getUint16(6, true);
      if (members.size + count > maxMembers) throw file.corrupt(`group: expected at most ${maxMembers} members`);
      const symbols = await file.view(node.address + 8, 40 * count, 'group');
      for (let i = 0; i < count; i++) {
        const address = uint64(symbols, 40 * i + 8);
        // A soft link has none.
        if (address !== undefinedAddress) members.set(nameAt(uint64(symbols, 40 * i)), address);
      }
      continue;
    }
    const level = start.getUint8(5);
    const count = start.getUint16(6, true);
    if (signature(start) !== 'TREE' || start.getUint8(4) !== 0 || level >= node.level) {
      throw file.corrupt('group: expected a node of its tree');
    }
    const entries = await file.view(node.address + 24, 16 * count, 'group');
    for (let i = count - 1; i >= 0; i--) nodes.push({ address: uint64(entries, 16 * i + 8), level });
  }
  return members;
}
