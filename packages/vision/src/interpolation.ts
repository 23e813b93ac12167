import { ImageError } from './image-error.ts';

/** PIL's antialiased filters that ResNets are evaluated with. */
export type Interpolation = 'bilinear' | 'bicubic';

/** Pillow's fixed point: 8 bits of pixel, 2 of head room for the filters' overshoot, the rest for the weight. */
export const PRECISION_BITS = 22;

/** The weights, in fixed point, of the input pixels under each output pixel of one axis. */
export interface FilterTaps {
  /** First input pixel under each output pixel. */
  readonly starts: Int32Array;
  /** Input pixels under each output pixel. */
  readonly counts: Int32Array;
  /** `[output, stride] int32`; zero past the count. */
  readonly weights: Int32Array;
  readonly stride: number;
}

interface Filter {
  readonly support: number;
  weigh(x: number): number;
}

const filters: Record<Interpolation, Filter> = {
  bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weigh: weighBicubic },
};

function weighBicubic(signed: number): number {
  const a = -0.5;
  const x = Math.abs(signed);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/**
 * Taps of the `length` output pixels from `start` on, when `inPx` pixels become `outPx`.
 *
 * Every double is rounded as in Pillow, so that the fixed-point weights are its weights.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c (`precompute_coeffs`, `normalize_coeffs_8bpc`)
 * @throws ImageError for an unknown interpolation.
 */
export function filterTaps(
  inPx: number,
  outPx: number,
  interpolation: Interpolation,
  start: number,
  length: number,
): FilterTaps {
  const filter = Object.hasOwn(filters, interpolation) ? filters[interpolation] : undefined;
  if (!filter) throw new ImageError(`expected interpolation bilinear or bicubic, got ${interpolation}`);
  const scale = inPx / outPx;
  const filterScale = Math.max(1, scale);
  const support = filter.support * filterScale;
  const stride = Math.min(Math.ceil(support) * 2 + 1, inPx);
  const starts = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Int32Array(length * stride);
  const row = new Float64Array(stride);
  const inverse = 1 / filterScale;
  for (let i = 0; i < length; i++) {
    const center = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inPx, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = filter.weigh((k + first - center + 0.5) * inverse);
      row[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) {
      const weight = (sum === 0 ? row[k]! : row[k]! / sum) * 2 ** PRECISION_BITS;
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[i] = first;
    counts[i] = count;
  }
  return { starts, counts, weights, stride };
}
