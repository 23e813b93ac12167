import { ImageError } from './image-error.ts';
import type { ImageNote } from './image-note.ts';

/** Decoded pixels: RGB bytes, row-major `[height, width, 3] uint8`. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** What the decoder left out that the user may want; absent where nothing is. */
  readonly notes?: readonly ImageNote[];
}

/** Copies `pixelCount` RGBA pixels to RGB, starting at byte `at` of `rgb`. */
export function copyRgb(
  rgba: Uint8Array | Uint8ClampedArray,
  rgb: Uint8ClampedArray,
  at: number,
  pixelCount: number,
): void {
  for (let i = 0, from = 0, to = at; i < pixelCount; i++, from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
}

/**
 * Refuses what is not an image of at least one RGB pixel.
 *
 * @throws ImageError
 */
export function checkImage({ width, height, channels, data }: PixelImage): void {
  if (channels !== 3) throw new ImageError(`expected 3 channels (RGB), got ${channels}; use fromPixels`);
  if (!isPixelCount(width) || !isPixelCount(height)) {
    throw new ImageError(`expected an image of at least 1 × 1 pixel, got ${width} × ${height}`);
  }
  if (!isBytes(data)) {
    const expected = 'expected bytes (Uint8Array or Uint8ClampedArray)';
    throw new ImageError(`${expected}, got ${arrayKind(data)}; convert it by fromPixels({ …, range })`);
  }
  const expected = width * height * 3;
  if (data.length !== expected) {
    throw new ImageError(`expected ${expected} bytes (${height} × ${width} × 3), got ${data.length}`);
  }
}

/** Whether `value` can be an edge's length: a whole number of pixels, one or more. */
export function isPixelCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** Whether they are bytes, of whatever realm. */
export function isBytes(data: unknown): data is Uint8Array | Uint8ClampedArray {
  return ArrayBuffer.isView(data) && /^Uint8(Clamped)?Array$/.test(arrayKind(data));
}

/** What a value is, for messages: `Float32Array`, `Array`, `undefined`. */
export function arrayKind(data: unknown): string {
  return data === undefined || data === null ? String(data) : Object.prototype.toString.call(data).slice(8, -1);
}
