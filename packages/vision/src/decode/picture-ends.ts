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

/** The first frame of a GIF, by places in the file. */
export interface GifFrame {
  readonly at: number;
  readonly end: number;
  /** Where its graphic control's flags lie, if it has one. */
  readonly flagsAt: number | undefined;
}

/** A GIF's first frame; `undefined` where the file ends before it does, or holds none. @see https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
export function gifFirstFrame(bytes: Uint8Array): GifFrame | undefined {
  let at = 13 + gifPaletteBytes(bytes[10]);
  let flagsAt: number | undefined;
  while (at < bytes.length) {
    const [kind, label] = [bytes[at], bytes[at + 1]];
    if (kind !== 0x21 && kind !== 0x2c) return undefined;
    if (kind === 0x21 && label === 0xf9) flagsAt = at + 3;
    // An extension has a label before its blocks, a frame its place, its palette and the size of its codes.
    const end = blocksEnd(bytes, at + (kind === 0x21 ? 2 : 11 + gifPaletteBytes(bytes[at + 9])));
    if (kind === 0x2c) return end <= bytes.length ? { at, end, flagsAt } : undefined;
    at = end;
  }
  return undefined;
}

/** Bytes of the palette that a screen's or a frame's flags announce. */
export function gifPaletteBytes(flags = 0): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** Behind the block of no bytes that ends a row of them; past the end of a file that is cut off. */
function blocksEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}
