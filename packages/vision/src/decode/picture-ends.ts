// Whether a file holds the end of its first picture, whatever comes behind it: another picture, a maker's notes, zeros.

/** Whether a JPEG's scans come to their end; inside them 0xff is always followed by something else. */
export function jpegEnds(bytes: Uint8Array): boolean {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    at += bytes[at + 1] === 0xff ? 1 : 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  do at = bytes.indexOf(0xff, at) + 1;
  while (at > 0 && bytes[at] !== 0xd9);
  return at > 0;
}

/** Where a GIF's first frame ends; `undefined` where the file ends before, or holds none. */
export function gifFirstFrameEnd(bytes: Uint8Array): number | undefined {
  let at = 13 + paletteBytes(bytes[10]);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind !== 0x21 && kind !== 0x2c) return undefined;
    // An extension has a label before its blocks, a frame its place, its palette and the size of its codes.
    at = blocksEnd(bytes, at + (kind === 0x21 ? 2 : 11 + paletteBytes(bytes[at + 9])));
    if (kind === 0x2c) return at <= bytes.length ? at : undefined;
  }
  return undefined;
}

function paletteBytes(flags = 0): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** Behind the block of no bytes that ends a row of them; past the end of a file that is cut off. */
function blocksEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}
