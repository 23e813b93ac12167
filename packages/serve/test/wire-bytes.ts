/** Bytes as they are written in hexadecimal. */
export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

export function repeated(hex: string, count: number): Buffer {
  const one = bytesOf(hex);
  return Buffer.alloc(one.length * count, one);
}

/** A field with its length, as protobuf has it. */
export function field(tag: string, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let left = bytes.length; length.length === 0 || left > 0; left = Math.floor(left / 128))
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  return Buffer.concat([bytesOf(tag), Buffer.from(length), bytes]);
}
