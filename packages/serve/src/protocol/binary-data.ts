import { ProtocolError } from './protocol-error.ts';

/** Elements of `BYTES`: each behind its length of four bytes, little-endian. @throws ProtocolError where they don't fill `bytes`. */
export function bytesElements(place: string, bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements: Uint8Array[] = [];
  let start = 0;
  while (start + 4 <= bytes.length && elements.length < count) {
    const end = start + 4 + view.getUint32(start, true);
    if (end > bytes.length) break;
    elements.push(bytes.subarray(start + 4, end));
    start = end;
  }
  if (start === bytes.length && elements.length === count) return elements;
  const got = `${elements.length} in the first ${start} of ${bytes.length} bytes`;
  throw new ProtocolError(400, `${place}: expected ${count} elements, each behind its length in 4 bytes, got ${got}`);
}

/** The reverse of `bytesElements`. */
export function joinElements(elements: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(elements.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let start = 0;
  for (const element of elements) {
    view.setUint32(start, element.length, true);
    bytes.set(element, start + 4);
    start += 4 + element.length;
  }
  return bytes;
}
