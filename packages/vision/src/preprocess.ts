import { cut } from './crop.ts';
import { cropRegion } from './crop-region.ts';
import { normalize } from './normalize.ts';
import { checkImage, type PixelImage } from './pixel-image.ts';
import type { Preset } from './preset.ts';
import { resampleRegion } from './resample.ts';
import { toGrey } from './to-grey.ts';

/**
 * A picture as the model takes it: resized, cropped and normalised, `[cropPx, cropPx, 3] float32`, as PyTorch has it.
 *
 * `target` is filled and returned where given: a slice of a batch `[N, cropPx, cropPx, 3]`, say.
 *
 * @throws ImageError where the image has no pixel or `target` is not of the crop's size.
 * @throws PresetError where the preset describes no preprocessing.
 */
export function preprocess(image: PixelImage, preset: Preset, target?: Float32Array): Float32Array {
  return normalize(resizeAndCrop(image, preset), preset, target);
}

/**
 * The same without colours, for a model of grey pictures: `[cropPx, cropPx, 1] float32`, grey as PIL makes it, normalised by the
 * first mean and deviation.
 *
 * @throws as `preprocess`
 */
export function preprocessGrey(image: PixelImage, preset: Preset): Float32Array {
  return preprocess(toGrey(image), preset).filter((_, index) => index % 3 === 0);
}

/**
 * The `[cropPx, cropPx, 3]` pixels that the model sees; only what the crop keeps is computed.
 *
 * @throws ImageError where the image has no pixel.
 * @throws PresetError where the preset's sizes are not lengths.
 */
export function resizeAndCrop(image: PixelImage, preset: Preset): PixelImage {
  checkImage(image);
  const { cropPx, interpolation } = preset;
  const { width, height, region, left, top } = cropRegion(image, preset);
  const visible = resampleRegion(image, { width, height, interpolation }, region);
  if (region.width === cropPx && region.height === cropPx) return visible;
  return cut(visible, Math.min(0, left), Math.min(0, top), cropPx);
}
