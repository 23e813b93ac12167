import { DecodeError } from './decode-error.ts';
import { isPixelCount } from './pixel-image.ts';

/** Options of decoding, the same in Node and in the browser. */
export interface DecodeOptions {
  /** Turns the picture as its EXIF orientation says; default `false`, as PIL and so PyTorch have it. */
  readonly orient?: boolean;
  /** Most pixels that are decoded, at 3 bytes each; default 178,956,970 (512 MB), as PIL's `MAX_IMAGE_PIXELS`. */
  readonly maxPixels?: number;
  /**
   * How 16-bit grey becomes 8-bit (Node; browsers keep the high byte always): `clip`, the default, cuts off at 255, which is
   * white, as PIL's `convert('RGB')` does; `high-byte` keeps the useful half.
   */
  readonly grey16?: 'clip' | 'high-byte';
}

/** PIL's `MAX_IMAGE_PIXELS`. */
export const DEFAULT_MAX_PIXELS = 178_956_970;

/**
 * Refuses a picture of no pixel, or of more than `maxPixels`.
 *
 * @throws DecodeError
 */
export function checkPixelCount(source: string, width: number, height: number, maxPixels: number): void {
  if (!isPixelCount(width) || !isPixelCount(height)) {
    throw new DecodeError('IMAGE_DAMAGED', source, `expected at least 1 × 1 pixel, got ${width} × ${height}`);
  }
  const count = width * height;
  if (count > maxPixels) {
    const got = `${width} × ${height} = ${count} pixels`;
    throw new DecodeError(
      'IMAGE_TOO_LARGE',
      source,
      `expected at most ${maxPixels} pixels, got ${got}; shrink it, or raise maxPixels (3 bytes of memory per pixel)`,
    );
  }
}
