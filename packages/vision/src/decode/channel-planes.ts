import { greyToRgb } from './grey-pixels.ts';

/** Planes of one size, one of grey or three of colours, as pixel after pixel: `[height, width, 3] uint8`. */
export function planesToRgb(planes: readonly Uint8Array[]): Uint8Array {
  const [red, green, blue] = planes;
  if (!green || !blue) return greyToRgb(red!);
  const rgb = new Uint8Array(3 * red!.length);
  for (let i = 0, at = 0; at < rgb.length; i++, at += 3) {
    rgb[at] = red![i]!;
    rgb[at + 1] = green[i]!;
    rgb[at + 2] = blue[i]!;
  }
  return rgb;
}

/** The high bytes of big-endian samples of two bytes. */
export function highBytesOf(samples: Uint8Array): Uint8Array {
  return samples.filter((_, i) => i % 2 === 0);
}
