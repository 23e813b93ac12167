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

/** RGBA bytes, row-major `[height, width, 4] uint8`; a browser's `ImageData` is one. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Drops the alpha of RGBA pixels without blending, as PIL's `convert('RGB')` does.
 *
 * @throws ImageError where there is no pixel, or `data` is not `4 · width · height` bytes.
 */
export function fromImageData(image: RgbaImage): PixelImage {
  const pixelCount = checkSize(image, 4);
  const data = new Uint8ClampedArray(3 * pixelCount);
  copyRgb(image.data, data, 0, pixelCount);
  return { width: image.width, height: image.height, channels: 3, data };
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
export function checkImage(image: PixelImage): void {
  if (image.channels !== 3) throw new ImageError(`expected 3 channels (RGB), got ${image.channels}; use fromPixels`);
  checkSize(image, 3);
}

function checkSize({ width, height, data }: RgbaImage, channels: number): number {
  if (!isPixelCount(width) || !isPixelCount(height)) {
    throw new ImageError(`expected an image of at least 1 × 1 pixel, got ${width} × ${height}`);
  }
  if (!isBytes(data)) {
    const expected = 'expected bytes (Uint8Array or Uint8ClampedArray)';
    throw new ImageError(`${expected}, got ${arrayKind(data)}; convert it by fromPixels({ …, range })`);
  }
  const expected = width * height * channels;
  if (data.length !== expected) {
    const shape = `${height} × ${width} × ${channels}`;
    throw new ImageError(`expected ${expected} bytes (${shape}), got ${data.length}`);
  }
  return width * height;
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
