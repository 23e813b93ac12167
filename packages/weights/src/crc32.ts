/** The checksum that zip files use (IEEE 802.3, reflected), eight bytes a step. */
export function makeCrc32(): (bytes: Uint8Array) => number {
  const table = new Uint32Array(8 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[n] = crc;
  }
  for (let n = 256; n < table.length; n++) table[n] = table[table[n - 256]! & 0xff]! ^ (table[n - 256]! >>> 8);

  return (bytes) => {
    let crc = -1;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      crc =
        table[1792 + (low & 0xff)]! ^
        table[1536 + ((low >>> 8) & 0xff)]! ^
        table[1280 + ((low >>> 16) & 0xff)]! ^
        table[1024 + (low >>> 24)]! ^
        table[768 + bytes[at + 4]!]! ^
        table[512 + bytes[at + 5]!]! ^
        table[256 + bytes[at + 6]!]! ^
        table[bytes[at + 7]!]!;
    }
    for (; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
    return (crc ^ -1) >>> 0;
  };
}
