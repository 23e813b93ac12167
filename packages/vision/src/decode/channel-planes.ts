/** Planes of one size, one of grey or three of colours, as pixel after pixel: `[height, width, 3] uint8`. */
export function planesToRgb(planes: readonly Uint8Array[]): Uint8Array {
  const rgb = new Uint8Array(3 * planes[0]!.length);
  const colours = planes.length < 3 ? [planes[0]!, planes[0]!, planes[0]!] : planes;
  for (let i = 0, at = 0; at < rgb.length; i++, at += 3) {
    rgb[at] = colours[0]![i]!;
    rgb[at + 1] = colours[1]![i]!;
    rgb[at + 2] = colours[2]![i]!;
  }
  return rgb;
}

/** The high bytes of big-endian samples of two bytes. */
export function highBytesOf(samples: Uint8Array): Uint8Array {
  return samples.filter((_, i) => i % 2 === 0);
}
