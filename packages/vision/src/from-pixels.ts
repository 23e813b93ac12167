import { ImageError } from './image-error.ts';
import { arrayKind, isBytes, isPixelCount, type PixelImage } from './pixel-image.ts';
import { quote } from './quote.ts';

/** Decoded pixels of any numbers, row-major `[height, width, channels]`; a browser's `ImageData` is one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 is grey, 3 RGB, 4 RGBA, of which the alpha is dropped; default: as many as the data has numbers a pixel. */
  readonly channels?: 1 | 3 | 4;
  readonly data: ArrayLike<number>;
  /** The number that is white (black is 0); default 255 for bytes, and to be said of all others. */
  readonly range?: 1 | 255 | 65535;
}

const RANGES: readonly number[] = [1, 255, 65535];

/**
 * RGB bytes of decoded pixels: numbers of another range are scaled to 0 … 255 and rounded to the nearest, grey is repeated,
 * alpha dropped without blending, as PIL's `convert('RGB')` does. RGB bytes are given back as they are.
 *
 * @throws ImageError where there is no pixel, the data do not fit the size, numbers that are no bytes come without their
 * range, or one is not from 0 to it.
 */
export function fromPixels(pixels: Pixels): PixelImage {
  const { width, height, data } = pixels;
  if (!isPixelCount(width) || !isPixelCount(height))
    throw new ImageError(`image: expected at least 1 × 1 pixel, got ${quote(width)} × ${quote(height)}`);
  const channels = channelsOf(pixels);
  const range = rangeOf(pixels);
  const values = isBytes(data) && range === 255 ? data : toBytes(data, range, width, channels);
  if (channels === 3) return isImage(pixels, values) ? pixels : { width, height, channels: 3, data: values };
  const rgb = new Uint8ClampedArray(width * height * 3);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = values[from]!;
    rgb[to + 1] = values[from + green]!;
    rgb[to + 2] = values[from + blue]!;
  }
  return { width, height, channels: 3, data: rgb };
}

/** Whether nothing was to be done; what else it has, such as notes, is kept then. */
function isImage(pixels: Pixels, values: Uint8Array | Uint8ClampedArray): pixels is PixelImage {
  return pixels.data === values && pixels.channels === 3;
}

function channelsOf({ width, height, channels, data }: Pixels): number {
  const kind = arrayKind(data);
  if (typeof data !== 'object' || data === null || !Number.isSafeInteger(data.length))
    throw new ImageError(`image data: expected an array of numbers, got ${kind}`);
  if (channels !== undefined && ![1, 3, 4].includes(channels))
    throw new ImageError(`image channels: expected 1 (grey), 3 (RGB) or 4 (RGBA), got ${quote(channels)}`);
  const found = channels ?? [1, 3, 4].find((each) => data.length === width * height * each);
  if (found !== undefined && data.length === width * height * found) return found;
  const shape = `(${height} × ${width} × ${found ?? '1, 3 or 4'})`;
  const expected = found === undefined ? 'numbers' : `${width * height * found} numbers`;
  throw new ImageError(`image data: expected ${expected} ${shape}, got ${data.length}`);
}

function rangeOf({ data, range }: Pixels): number {
  if (range === undefined && isBytes(data)) return 255;
  if (range !== undefined && RANGES.includes(range)) return range;
  if (range !== undefined) throw new ImageError(`image range: expected 1, 255 or 65535, got ${quote(range)}`);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < least) least = data[i]!;
    if (data[i]! > most) most = data[i]!;
  }
  const hasValues = least <= most;
  const likely = hasValues && least >= 0 ? RANGES.find((each) => most <= each) : undefined;
  const advice = `${likely === undefined ? 'scale them to 0 … 1, and ' : ''}say which number is white: range: ${likely ?? 1}`;
  const got = `${arrayKind(data)}${hasValues ? ` of values from ${shown(least)} to ${shown(most)}` : ''}`;
  throw new ImageError(`image data: expected bytes (Uint8Array), or numbers with their range, got ${got}; ${advice}`);
}

function toBytes(data: ArrayLike<number>, range: number, width: number, channels: number): Uint8Array {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = data[i];
    if (!(typeof value === 'number' && value >= 0 && value <= range)) {
      const pixel = Math.floor(i / channels);
      const place = `row ${Math.floor(pixel / width)}, column ${pixel % width}, channel ${i % channels}`;
      const [got, next] = typeof value === 'number' ? [shown(value), 'scale'] : [arrayKind(value), 'flatten'];
      const expected = `expected numbers from 0 to ${range}`;
      throw new ImageError(`image data: ${expected}, got ${got} at ${place}, counted from 0; ${next} them`);
    }
    bytes[i] = Math.round((value / range) * 255);
  }
  return bytes;
}

function shown(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
