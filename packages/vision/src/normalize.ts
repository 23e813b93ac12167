import { ImageError } from './image-error.ts';
import { checkImage, type PixelImage } from './pixel-image.ts';
import { PresetError } from './preset-error.ts';

/** One value per channel: red, green, blue. */
export type Rgb = readonly [number, number, number];

/** Mean and standard deviation of each channel, on pixels divided by 255. */
export interface Normalization {
  readonly mean: Rgb;
  readonly std: Rgb;
}

/**
 * `(x / 255 - mean) / std` as `[height, width, 3] float32`, to the bit what torchvision's ToTensor and Normalize give.
 *
 * `target` is filled and returned where given: a slice of a batch `[N, height, width, 3]`, say.
 *
 * @throws ImageError where the image has no pixel or `target` is not of its size.
 * @throws PresetError where a mean is not finite, or a deviation not above zero.
 */
export function normalize(image: PixelImage, normalization: Normalization, target?: Float32Array): Float32Array {
  return normalizer(normalization)(image, target);
}

/** `normalize` for many pictures, its tables made once. */
export function normalizer({ mean, std }: Normalization): (image: PixelImage, target?: Float32Array) => Float32Array {
  const red = normalizedLevels(mean[0], std[0]);
  const green = normalizedLevels(mean[1], std[1]);
  const blue = normalizedLevels(mean[2], std[2]);
  return (image, target) => {
    checkImage(image);
    const pixels = image.data;
    const out = target ?? new Float32Array(pixels.length);
    if (out.length !== pixels.length) {
      throw new ImageError(
        `normalize: expected a target of ${pixels.length} floats (${image.height} × ${image.width} × 3), got ${out.length}`,
      );
    }
    for (let i = 0; i < pixels.length; i += 3) {
      out[i] = red[pixels[i]!]!;
      out[i + 1] = green[pixels[i + 1]!]!;
      out[i + 2] = blue[pixels[i + 2]!]!;
    }
    return out;
  };
}

/** What each of the 256 byte values becomes; every step is rounded to float32, as torch rounds it. */
function normalizedLevels(mean: number, std: number): Float32Array {
  if (!Number.isFinite(mean)) throw new PresetError(`mean: expected a number per channel, got ${mean}`);
  if (!(std > 0 && std < Number.POSITIVE_INFINITY)) {
    throw new PresetError(`std: expected a number above 0 per channel, got ${std}`);
  }
  const mean32 = Math.fround(mean);
  const std32 = Math.fround(std);
  return Float32Array.from({ length: 256 }, (_, level) => Math.fround(Math.fround(level / 255) - mean32) / std32);
}
