import { cropOffset } from './crop.ts';
import { isPixelCount } from './pixel-image.ts';
import type { Preset } from './preset.ts';
import { PresetError } from './preset-error.ts';
import type { Region } from './resample.ts';
import { shortestEdgeSize } from './resize.ts';

export interface CropRegion {
  /** Of the whole picture, resized. */
  readonly width: number;
  readonly height: number;
  /** What the crop keeps of it. */
  readonly region: Region;
  /** Where the crop begins in it; negative where it is smaller than the crop. */
  readonly left: number;
  readonly top: number;
}

/**
 * Where a preset's crop lies in a picture.
 *
 * @throws PresetError where the preset's sizes are not lengths.
 */
export function cropRegion(picture: { readonly width: number; readonly height: number }, preset: Preset): CropRegion {
  const { resizePx, cropPx, cropMode = 'center' } = preset;
  if (!isPixelCount(resizePx)) throw new PresetError(`resizePx: expected a whole number of pixels, got ${resizePx}`);
  if (!isPixelCount(cropPx)) throw new PresetError(`cropPx: expected a whole number of pixels, got ${cropPx}`);

  const squashed = { width: resizePx, height: resizePx };
  const { width, height } = cropMode.startsWith('squash') ? squashed : shortestEdgeSize(picture, resizePx);
  const rounding = cropMode.endsWith('floor') ? 'floor' : 'half-even';
  const left = cropOffset(width, cropPx, rounding);
  const top = cropOffset(height, cropPx, rounding);
  const region = {
    left: Math.max(0, left),
    top: Math.max(0, top),
    width: Math.min(width, cropPx),
    height: Math.min(height, cropPx),
  };
  return { width, height, region, left, top };
}
