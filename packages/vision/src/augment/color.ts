import type { PixelImage } from '../pixel-image.ts';

type Bytes = Uint8Array | Uint8ClampedArray;

/** PIL's `ImageEnhance`: a picture blended with a plainer one of itself; a factor of 1 leaves it, 0 gives the plainer. */
export function adjustBrightness(image: PixelImage, factor: number): PixelImage {
  return mapped(image, (data, out) => {
    for (let i = 0; i < data.length; i++) out[i] = Math.trunc(clamp(data[i]! * factor));
  });
}

/** Blends with the mean of its grey values. */
export function adjustContrast(image: PixelImage, factor: number): PixelImage {
  return mapped(image, (data, out) => {
    let sum = 0;
    for (let i = 0; i < data.length; i += 3) sum += grey(data, i);
    const mean = Math.floor((sum * 3) / data.length + 0.5);
    for (let i = 0; i < data.length; i++) out[i] = blended(mean, data[i]!, factor);
  });
}

/** Blends with its grey values. */
export function adjustSaturation(image: PixelImage, factor: number): PixelImage {
  return mapped(image, (data, out) => {
    for (let i = 0; i < data.length; i += 3) {
      const level = grey(data, i);
      for (let channel = i; channel < i + 3; channel++) out[channel] = blended(level, data[channel]!, factor);
    }
  });
}

/** Turns the hue by a share of the circle, −0.5 to 0.5. */
export function adjustHue(image: PixelImage, turn: number): PixelImage {
  return mapped(image, (data, out) => {
    for (let i = 0; i < data.length; i += 3) turnHue(data, out, i, turn);
  });
}

/** PIL's conversion `L`. */
export function grey(data: Bytes, at: number): number {
  return (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;
}

function blended(plain: number, value: number, factor: number): number {
  return Math.trunc(clamp(plain + factor * (value - plain)));
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

function mapped(image: PixelImage, fill: (data: Bytes, out: Uint8ClampedArray) => void): PixelImage {
  const data = new Uint8ClampedArray(image.data.length);
  fill(image.data, data);
  return { width: image.width, height: image.height, channels: 3, data };
}

function turnHue(data: Bytes, out: Uint8ClampedArray, at: number, turn: number): void {
  const [red, green, blue] = [data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255];
  const value = Math.max(red, green, blue);
  const chroma = value - Math.min(red, green, blue);
  const sextant =
    chroma === 0
      ? 0
      : value === red
        ? (green - blue) / chroma
        : value === green
          ? 2 + (blue - red) / chroma
          : 4 + (red - green) / chroma;
  const hue = (((sextant + 6 * turn) % 6) + 6) % 6;
  for (const [channel, offset] of [5, 3, 1].entries()) {
    const k = (offset + hue) % 6;
    out[at + channel] = 255 * (value - chroma * Math.max(0, Math.min(k, 4 - k, 1)));
  }
}
