import { type FilterTaps, filterTaps, type Interpolation, PRECISION_BITS } from './interpolation.ts';
import type { PixelImage } from './pixel-image.ts';

/** A rectangle of pixels inside an image. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Rows of RGB bytes: where they start, and how far apart they are. Always one kind of array, or the loops slow down. */
interface Rows {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly strideBytes: number;
}

/** The pixels of `region` of `image` resized to `width` × `height`: the same bytes as resizing all and cropping. */
export function resampleRegion(
  image: PixelImage,
  size: { readonly width: number; readonly height: number; readonly interpolation: Interpolation },
  region: Region,
): PixelImage {
  const { left, top, width, height } = region;
  const strideBytes = image.width * 3;
  const resizesRows = size.height !== image.height;
  const vertical = resizesRows ? filterTaps(image.height, size.height, size.interpolation, top, height) : undefined;
  const firstRow = vertical ? vertical.starts[0]! : top;
  const rowCount = vertical ? vertical.starts[height - 1]! + vertical.counts[height - 1]! - firstRow : height;

  const rowBytes = width * 3;
  const pixels = bytesOf(image.data);
  let rows: Rows = { data: pixels, offset: firstRow * strideBytes + left * 3, strideBytes };
  if (size.width !== image.width) {
    const horizontal = filterTaps(image.width, size.width, size.interpolation, left, width);
    const source = { data: pixels, offset: firstRow * strideBytes, strideBytes };
    const filtered = filterColumns(source, rowCount, width, horizontal);
    if (!vertical) return { width, height, channels: 3, data: filtered };
    rows = { data: bytesOf(filtered), offset: 0, strideBytes: rowBytes };
  }
  const data = vertical ? filterRows(rows, firstRow, rowBytes, vertical) : copyRows(rows, rowBytes, height);
  return { width, height, channels: 3, data };
}

function bytesOf(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** The horizontal pass, two taps at a time; storing into a clamped array is Pillow's `clip8`. */
function filterColumns(rows: Rows, rowCount: number, width: number, taps: FilterTaps): Uint8ClampedArray {
  const { starts, counts, weights, stride } = taps;
  const { data, offset, strideBytes } = rows;
  const out = new Uint8ClampedArray(rowCount * width * 3);
  const half = 1 << (PRECISION_BITS - 1);
  let to = 0;
  for (let y = 0; y < rowCount; y++) {
    const rowStart = offset + y * strideBytes;
    for (let x = 0; x < width; x++) {
      let from = rowStart + starts[x]! * 3;
      let red = half;
      let green = half;
      let blue = half;
      const end = x * stride + counts[x]!;
      let k = x * stride;
      for (; k + 1 < end; k += 2) {
        const weight = weights[k]!;
        const next = weights[k + 1]!;
        red = (red + Math.imul(weight, data[from]!) + Math.imul(next, data[from + 3]!)) | 0;
        green = (green + Math.imul(weight, data[from + 1]!) + Math.imul(next, data[from + 4]!)) | 0;
        blue = (blue + Math.imul(weight, data[from + 2]!) + Math.imul(next, data[from + 5]!)) | 0;
        from += 6;
      }
      if (k < end) {
        const weight = weights[k]!;
        red = (red + Math.imul(weight, data[from]!)) | 0;
        green = (green + Math.imul(weight, data[from + 1]!)) | 0;
        blue = (blue + Math.imul(weight, data[from + 2]!)) | 0;
      }
      out[to] = red >> PRECISION_BITS;
      out[to + 1] = green >> PRECISION_BITS;
      out[to + 2] = blue >> PRECISION_BITS;
      to += 3;
    }
  }
  return out;
}

/** The vertical pass, on rows of which the first is the image's `firstRow`. */
function filterRows(rows: Rows, firstRow: number, rowBytes: number, taps: FilterTaps): Uint8ClampedArray {
  const { starts, counts, weights, stride } = taps;
  const { data, offset, strideBytes } = rows;
  const height = starts.length;
  const out = new Uint8ClampedArray(height * rowBytes);
  const half = 1 << (PRECISION_BITS - 1);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const rowStart = offset + (starts[y]! - firstRow) * strideBytes;
    const end = y * stride + counts[y]!;
    for (let x = 0; x < rowBytes; x++) {
      let from = rowStart + x;
      let sum = half;
      for (let k = y * stride; k < end; k++) {
        sum = (sum + Math.imul(weights[k]!, data[from]!)) | 0;
        from += strideBytes;
      }
      out[to++] = sum >> PRECISION_BITS;
    }
  }
  return out;
}

function copyRows({ data, offset, strideBytes }: Rows, rowBytes: number, height: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const from = offset + y * strideBytes;
    out.set(data.subarray(from, from + rowBytes), y * rowBytes);
  }
  return out;
}
