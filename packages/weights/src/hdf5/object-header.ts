import { type Hdf5File, signature, uint, uint64 } from './hdf5-file.ts';

/** What an object's header says, one kind a message. */
export interface HeaderMessage {
  readonly type: number;
  readonly data: DataView;
}

/** The kinds of messages that are read, by their numbers in the format. */
export const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

const maxMessages = 4096;

/**
 * Reads all messages of the object header at an address, of version 1 or 2.
 *
 * @throws WeightsFormatError where it is none.
 * @see https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html (IV.A.1)
 */
export async function readMessages(file: Hdf5File, address: number): Promise<HeaderMessage[]> {
  const what = 'object header';
  const head = await file.view(address, 16, what);
  if (signature(head) === 'OHDR') return readVersion2(file, address, head);
  if (head.getUint8(0) !== 1) throw file.corrupt(`${what} at byte ${address}: expected version 1 or 2`);
  const messages: HeaderMessage[] = [];
  const blocks = [{ address: address + 16, length: head.getUint32(8, true) }];
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    const view = await file.view(block.address, block.length, what);
    for (let at = 0; at + 8 <= view.byteLength; ) {
      const size = view.getUint16(at + 2, true);
      addMessage(file, messages, blocks, view, view.getUint16(at, true), view.getUint8(at + 4), at + 8, size);
      at += 8 + size;
    }
  }
  return messages;
}

async function readVersion2(file: Hdf5File, address: number, head: DataView): Promise<HeaderMessage[]> {
  const what = 'object header';
  const flags = head.getUint8(5);
  const sizeAt = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const field = await file.view(address + sizeAt, sizeBytes, what);
  const messages: HeaderMessage[] = [];
  const messageHeadBytes = flags & 4 ? 6 : 4;
  const blocks = [{ address: address + sizeAt + sizeBytes, length: uint(field, 0, sizeBytes) }];
  for (let n = 0; n < blocks.length; n++) {
    const block = blocks[n]!;
    const isFirst = n === 0;
    const view = await file.view(block.address, block.length, what);
    // Later blocks have a signature before their messages and a checksum after them.
    const end = isFirst ? view.byteLength : view.byteLength - 4;
    for (let at = isFirst ? 0 : 4; at + messageHeadBytes <= end; ) {
      const size = view.getUint16(at + 1, true);
      addMessage(file, messages, blocks, view, view.getUint8(at), view.getUint8(at + 3), at + messageHeadBytes, size);
      at += messageHeadBytes + size;
    }
  }
  return messages;
}

function addMessage(
  file: Hdf5File,
  messages: HeaderMessage[],
  blocks: { address: number; length: number }[],
  view: DataView,
  type: number,
  flags: number,
  at: number,
  size: number,
): void {
  if (at + size > view.byteLength) throw file.corrupt('object header: expected a message inside it');
  if (messages.length === maxMessages || blocks.length > maxMessages) {
    throw file.corrupt(`object header: expected at most ${maxMessages} messages`);
  }
  const data = new DataView(view.buffer, view.byteOffset + at, size);
  const isShared = (flags & 2) !== 0;
  if (isShared && (type === messageTypes.datatype || type === messageTypes.dataspace)) {
    throw file.unsupported(
      'expected types in the objects that have them, got a committed type; save it with h5py or Keras',
    );
  }
  if (type === messageTypes.continuation && size >= 16) {
    blocks.push({ address: uint64(data, 0), length: uint64(data, 8) });
  }
  messages.push({ type, data });
}

/** The first message of a type. */
export function messageOf(messages: readonly HeaderMessage[], type: number): DataView | undefined {
  return messages.find((message) => message.type === type)?.data;
}
