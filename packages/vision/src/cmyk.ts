/**
 * CMYK to RGB by PIL's formula, `255 - c·(255 - k)/255 - k` rounded and cut off at 0, with no colour profile.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c (`cmyk2rgb`)
 */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const pixelCount = cmyk.length / 4;
  const rgb = new Uint8Array(pixelCount * 3);
  for (let i = 0, from = 0, to = 0; i < pixelCount; i++, from += 4, to += 3) {
    const white = 255 - cmyk[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[from + channel]! * white + 128;
      rgb[to + channel] = Math.max(0, white - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}
