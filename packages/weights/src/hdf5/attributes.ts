import { parseDataspace, parseDatatype } from './datatype.ts';
import { type Hdf5File, parsing, signature, uint64 } from './hdf5-file.ts';
import { type HeaderMessage, messageTypes } from './object-header.ts';

const maxTextBytes = 16 * 1024 * 1024;

/** The attributes of an object that are one text each. */
export async function readTextAttributes(
  file: Hdf5File,
  messages: readonly HeaderMessage[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { type, data } of messages) {
    if (type !== messageTypes.attribute) continue;
    const { name, element, shape, value } = parsing(file, 'attribute', () => parseAttribute(data));
    if (shape.length > 0) continue;
    if (element.kind === 'text') texts.set(name, decode(value));
    if (element.kind === 'varying-text' && value.length >= 16) texts.set(name, await readHeapText(file, value));
  }
  return texts;
}

function parseAttribute(data: DataView) {
  const version = data.getUint8(0);
  const pad = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const [nameBytes, typeBytes, spaceBytes] = [2, 4, 6].map((at) => data.getUint16(at, true)) as [
    number,
    number,
    number,
  ];
  const nameAt = version === 3 ? 9 : 8;
  const typeAt = nameAt + pad(nameBytes);
  const spaceAt = typeAt + pad(typeBytes);
  const valueAt = spaceAt + pad(spaceBytes);
  const part = (at: number, size: number) => new DataView(data.buffer, data.byteOffset + at, size);
  if (valueAt > data.byteLength) throw new RangeError();
  return {
    name: decode(new Uint8Array(data.buffer, data.byteOffset + nameAt, nameBytes)),
    element: parseDatatype(part(typeAt, typeBytes)),
    shape: parseDataspace(part(spaceAt, spaceBytes)),
    value: new Uint8Array(data.buffer, data.byteOffset + valueAt, data.byteLength - valueAt),
  };
}

/** A text in a global heap, which a length, an address and a number point to. */
async function readHeapText(file: Hdf5File, reference: Uint8Array): Promise<string> {
  const view = new DataView(reference.buffer, reference.byteOffset, reference.byteLength);
  const length = view.getUint32(0, true);
  const address = uint64(view, 4);
  const wanted = view.getUint32(12, true);
  if (length === 0) return '';
  if (length > maxTextBytes) throw file.corrupt(`attribute: expected a text of at most ${maxTextBytes} bytes`);
  const head = await file.view(address, 16, 'global heap');
  if (signature(head) !== 'GCOL') throw file.corrupt('global heap: expected its signature');
  const end = address + uint64(head, 8);
  for (let at = address + 16; at + 16 <= end; ) {
    const object = await file.view(at, 16, 'global heap');
    const index = object.getUint16(0, true);
    const size = uint64(object, 8);
    if (index === wanted) {
      const text = await file.view(at + 16, Math.min(length, size), 'global heap');
      return decode(new Uint8Array(text.buffer, text.byteOffset, text.byteLength));
    }
    if (index === 0) break;
    at += 16 + Math.ceil(size / 8) * 8;
  }
  throw file.corrupt('global heap: expected the text of an attribute');
}

function decode(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
