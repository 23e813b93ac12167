import type { PixelImage } from '../pixel-image.ts';

/** Keeps the highest `bits` of each byte. @see PIL `ImageOps.posterize` */
export function posterize(image: PixelImage, bits: number): PixelImage {
  const mask = 256 - 2 ** (8 - bits);
  return byLevels(image, () => (level) => level & mask);
}

/** Inverts what is at or above a level. @see PIL `ImageOps.solarize` */
export function solarize(image: PixelImage, threshold: number): PixelImage {
  return byLevels(image, () => (level) => (level < threshold ? level : 255 - level));
}

/** Stretches each channel to the whole range. @see PIL `ImageOps.autocontrast` */
export function autoContrast(image: PixelImage): PixelImage {
  return byLevels(image, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.reduce((last, count, level) => (count > 0 ? level : last), 0);
    if (high <= low) return (level) => level;
    const scale = 255 / (high - low);
    return (level) => Math.trunc(Math.min(Math.max(level * scale - low * scale, 0), 255));
  });
}

/** Spreads each channel's levels evenly. @see PIL `ImageOps.equalize` */
export function equalize(image: PixelImage): PixelImage {
  return byLevels(image, (counts) => {
    const used = [...counts].filter((count) => count > 0);
    const step = Math.floor((used.reduce((sum, count) => sum + count, 0) - used.at(-1)!) / 255);
    if (used.length <= 1 || step === 0) return (level) => level;
    let total = Math.floor(step / 2);
    const levels = Array.from(counts, (count) => {
      const level = Math.floor(total / step);
      total += count;
      return Math.min(level, 255);
    });
    return (level) => levels[level]!;
  });
}

/** Away from the smoothed picture, or towards it below 1; the edges stay. @see PIL `ImageEnhance.Sharpness` */
export function sharpen(image: PixelImage, factor: number): PixelImage {
  const { width, height, data } = image;
  const out = Uint8ClampedArray.from(data);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const at = (y * width + x) * 3 + channel;
        let sum = 4 * data[at]!;
        for (let row = -1; row <= 1; row++)
          for (let column = -1; column <= 1; column++) sum += data[at + (row * width + column) * 3]!;
        const smooth = Math.floor(sum / 13 + 0.5);
        out[at] = Math.trunc(Math.min(Math.max(smooth + factor * (data[at]! - smooth), 0), 255));
      }
    }
  }
  return { width, height, channels: 3, data: out };
}

/** Each channel through a table of its own, made from how often each level occurs in it. */
function byLevels(image: PixelImage, tableOf: (counts: Uint32Array) => (level: number) => number): PixelImage {
  const { width, height, data } = image;
  const out = new Uint8ClampedArray(data.length);
  for (let channel = 0; channel < 3; channel++) {
    const counts = new Uint32Array(256);
    for (let i = channel; i < data.length; i += 3) counts[data[i]!]! += 1;
    const levelOf = tableOf(counts);
    const table = Uint8Array.from({ length: 256 }, (_, level) => levelOf(level));
    for (let i = channel; i < data.length; i += 3) out[i] = table[data[i]!]!;
  }
  return { width, height, channels: 3, data: out };
}
