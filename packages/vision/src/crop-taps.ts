import { cropRegion } from './crop-region.ts';
import { type FilterTaps, filterTaps } from './interpolation.ts';
import type { Preset } from './preset.ts';
import type { Region } from './resample.ts';

/** What a device needs to resize and crop as `resizeAndCrop` does: Pillow's fixed-point weights, of 22 bits. */
export interface CropTaps {
  /** Of each column, then of each row of `region`; the horizontal pass comes first, and each rounds to 8 bits. */
  readonly columns: FilterTaps;
  readonly rows: FilterTaps;
  /** The part of the resized picture that the crop keeps. */
  readonly region: Region;
  /** Where that lies in the crop; what is around is black. */
  readonly left: number;
  readonly top: number;
}

/**
 * The taps of a preset for pictures of a size.
 *
 * @throws PresetError where the preset's sizes are not lengths.
 */
export function cropTaps(picture: { readonly width: number; readonly height: number }, preset: Preset): CropTaps {
  const { width, height, region, left, top } = cropRegion(picture, preset);
  const { interpolation } = preset;
  return {
    columns: filterTaps(picture.width, width, interpolation, region.left, region.width),
    rows: filterTaps(picture.height, height, interpolation, region.top, region.height),
    region,
    left: Math.max(0, -left),
    top: Math.max(0, -top),
  };
}
