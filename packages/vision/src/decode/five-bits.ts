/**
 * Levels of fewer than 8 bits, stretched by ImageMagick (rounded), as PIL stretches them (rounded down).
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Unpack.c (`ImagingUnpackBGR15`)
 */
export function restretch(rgb: Uint8Array, bits: readonly [red: number, green: number, blue: number]): Uint8Array {
  const tables = bits.map((count) => {
    const most = 2 ** count - 1;
    return Uint8Array.from({ length: 256 }, (_, level) => Math.floor((Math.round((level * most) / 255) * 255) / most));
  });
  return rgb.map((level, i) => tables[i % 3]![level]!);
}
