import type { AvifColour } from './avif-header.ts';

/** Fixed-point coefficients of a conversion, 6 bits behind the point. */
interface Coefficients {
  /** Of brightness, and what is added to it. */
  readonly y: number;
  readonly offset: number;
  readonly blueU: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly redV: number;
}

const FULL = { y: 16320, offset: 32 } as const;
const LIMITED = { y: 18997, offset: -1160 } as const;
const BT601 = { greenU: 22, greenV: 46, redV: 90, blueU: 113 } as const;
const BT709 = { greenU: 12, greenV: 30, redV: 101, blueU: 119 } as const;
const BT2020 = { greenU: 11, greenV: 37, redV: 94, blueU: 120 } as const;
const BT601_LIMITED = { greenU: 25, greenV: 52, redV: 102, blueU: 128 } as const;
const BT709_LIMITED = { greenU: 14, greenV: 34, redV: 115, blueU: 128 } as const;
const BT2020_LIMITED = { y: 19003, greenU: 12, greenV: 42, redV: 107, blueU: 128 } as const;

/** By the number of the matrix (ITU-T H.273): of the full range, of the studio range. */
const MATRICES: Readonly<Record<number, readonly [full: Coefficients, limited: Coefficients]>> = {
  1: [
    { ...FULL, ...BT709 },
    { ...LIMITED, ...BT709_LIMITED },
  ],
  2: [
    { ...FULL, ...BT601 },
    { ...LIMITED, ...BT601_LIMITED },
  ],
  5: [
    { ...FULL, ...BT601 },
    { ...LIMITED, ...BT601_LIMITED },
  ],
  6: [
    { ...FULL, ...BT601 },
    { ...LIMITED, ...BT601_LIMITED },
  ],
  9: [
    { ...FULL, ...BT2020 },
    { ...LIMITED, ...BT2020_LIMITED },
  ],
};

/** Samples of a picture, pixel after pixel: V, Y, U and perhaps alpha; colour repeated where it has fewer samples. */
export interface YuvPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
  readonly isHalfWide: boolean;
  readonly isHalfHigh: boolean;
}

/** Whether `yuvToRgb` knows the colours. */
export function hasMatrix({ matrix }: AvifColour): boolean {
  return matrix in MATRICES;
}

/**
 * YCbCr to RGB to the bit as libavif, and so Pillow, has it done by libyuv: colour upsampled bilinearly, then a
 * fixed-point matrix.
 *
 * @see https://chromium.googlesource.com/libyuv/libyuv/+/refs/heads/main/source/row_common.cc (`YuvPixel`)
 * @see https://chromium.googlesource.com/libyuv/libyuv/+/refs/heads/main/source/scale_any.cc (`SU2BLANY`)
 */
export function yuvToRgb(yuv: YuvPixels, { matrix, isFullRange }: AvifColour): Uint8Array {
  const { width, height, channels, data } = yuv;
  const { y: scale, offset, blueU, greenU, greenV, redV } = MATRICES[matrix]![isFullRange ? 0 : 1];
  const rgb = new Uint8ClampedArray(3 * width * height);
  const [u, v] = [new Uint8Array(width), new Uint8Array(width)];
  for (let row = 0, from = 1, to = 0; row < height; row++) {
    upsampleRow(yuv, row, 2, u);
    upsampleRow(yuv, row, 0, v);
    for (let x = 0; x < width; x++, from += channels, to += 3) {
      const luma = Math.floor((data[from]! * 0x101 * scale) / 0x10000);
      const [cb, cr] = [u[x]! - 128, v[x]! - 128];
      rgb[to] = (luma + cr * redV + offset) >> 6;
      rgb[to + 1] = (luma - cb * greenU - cr * greenV + offset) >> 6;
      rgb[to + 2] = (luma + cb * blueU + offset) >> 6;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** Colour's samples of a row, 9 : 3 : 3 : 1 of those around, with nothing mixed in beyond an edge. */
function upsampleRow(yuv: YuvPixels, row: number, channel: number, out: Uint8Array): void {
  const { width, height, channels, data, isHalfWide, isHalfHigh } = yuv;
  const stride = width * channels;
  const [near, far] = isHalfHigh ? neighbours(row, height) : [row, row];
  const nearAt = near * stride + channel;
  const farAt = far * stride + channel;
  for (let x = 0; x < width; x++) {
    if (!isHalfWide) {
      out[x] = data[nearAt + x * channels]!;
      continue;
    }
    const isInside = x > 0 && x < width - 1;
    const nearX = (x & ~1) * channels;
    const farX = isInside ? (x & 1 ? x + 1 : x - 2) * channels : nearX;
    const mixed = 9 * data[nearAt + nearX]! + 3 * data[nearAt + farX]! + 3 * data[farAt + nearX]! + data[farAt + farX]!;
    out[x] = (mixed + 8) >> 4;
  }
}

/** The rows (of the whole picture) that hold the samples nearest to a row, and next to those. */
function neighbours(row: number, height: number): [near: number, far: number] {
  const near = row & ~1;
  const far = row & 1 ? near + 2 : near - 2;
  return [near, far < 0 || far >= height ? near : far];
}
