import type { ImageNote } from '../image-note.ts';

type Samples = Uint16Array | Float32Array | Float64Array;

const SIXTEEN_BITS = "grey of 16 bits was cut off at 255, as PIL does; grey16: 'high-byte' keeps its high byte";
const MORE_BITS = 'grey of 32 bits was cut off at 255, as PIL does; scale it to 0…255 first';

/** One grey sample a pixel, as three equal bytes: `[height, width, 3] uint8`. */
export function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) rgb.fill(grey[i]!, at, at + 3);
  return rgb;
}

/** Pixels of one bit, row by row of `rowBytes` bytes, as grey: 255 where the bit is set. `[height, width] uint8` */
export function bitsToGrey(bits: Uint8Array, rowBytes: number, width: number, height: number): Uint8Array {
  const grey = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) grey[to] = (bits[y * rowBytes + (x >> 3)]! << (x & 7)) & 0x80 ? 255 : 0;
  }
  return grey;
}

/**
 * Samples cut off at 0 and 255 as PIL's modes `I;16`, `I` and `F` are by `convert('RGB')`, with a note where any was;
 * `high-byte` keeps the upper half of 16-bit samples.
 */
export function wideGreyToRgb(
  samples: Samples,
  grey16: 'clip' | 'high-byte',
): { readonly data: Uint8Array; readonly notes: readonly ImageNote[] } {
  const is16 = samples instanceof Uint16Array;
  if (is16 && grey16 === 'high-byte') return { data: greyToRgb(Uint8Array.from(samples, (v) => v >> 8)), notes: [] };
  let isClipped = false;
  const grey = Uint8Array.from(samples as Float32Array, (value) => {
    isClipped ||= value >= 256;
    return value > 0 ? Math.min(value, 255) : 0;
  });
  const notes: ImageNote[] = isClipped ? [{ code: 'GREY_CLIPPED', text: is16 ? SIXTEEN_BITS : MORE_BITS }] : [];
  return { data: greyToRgb(grey), notes };
}
