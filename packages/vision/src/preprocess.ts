import { cropOffset, cut } from './crop.ts';
import { normalize } from './normalize.ts';
import { checkImage, isPixelCount, type PixelImage } from './pixel-image.ts';
import type { Preset } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { resampleRegion } from './resample.ts';
import { shortestEdgeSize } from './resize.ts';

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
 * The `[cropPx, cropPx, 3]` pixels that the model sees; only what the crop keeps is computed.
 *
 * @throws ImageError where the image has no pixel.
 * @throws PresetError where the preset's sizes are not lengths.
 */
export function resizeAndCrop(image: PixelImage, preset: Preset): PixelImage {
  checkImage(image);
  const { resizePx, cropPx, interpolation, cropMode = 'center' } = preset;
  if (!isPixelCount(resizePx)) throw new PresetError(`resizePx: expected a whole number of pixels, got ${resizePx}`);
  if (!isPixelCount(cropPx)) throw new PresetError(`cropPx: expected a whole number of pixels, got ${cropPx}`);

  const squashed = { width: resizePx, height: resizePx };
  const { width, height } = cropMode === 'squash' ? squashed : shortestEdgeSize(image, resizePx);
  const rounding = cropMode === 'center-floor' ? 'floor' : 'half-even';
  const left = cropOffset(width, cropPx, rounding);
  const top = cropOffset(height, cropPx, rounding);
  const region = {
    left: Math.max(0, left),
    top: Math.max(0, top),
    width: Math.min(width, cropPx),
    height: Math.min(height, cropPx),
  };
  const visible = resampleRegion(image, { width, height, interpolation }, region);
  if (region.width === cropPx && region.height === cropPx) return visible;
  return cut(visible, Math.min(0, left), Math.min(0, top), cropPx);
}
