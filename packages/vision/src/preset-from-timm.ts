import type { Preset } from './preset.ts';
import { IMAGENET_MEAN, IMAGENET_STD } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { edgeBeforeCrop, interpolationOf, isLength, rgbOf } from './preset-fields.ts';
import { quote } from './quote.ts';

/** The preprocessing fields of `pretrained_cfg` in a timm `config.json`. */
export interface TimmConfig {
  /** `[channels, height, width]`. */
  readonly input_size: readonly number[];
  readonly test_input_size?: readonly number[] | null;
  readonly crop_pct?: number | null;
  readonly test_crop_pct?: number | null;
  readonly crop_mode?: string | null;
  readonly interpolation?: string | null;
  readonly mean?: readonly number[] | null;
  readonly std?: readonly number[] | null;
}

/**
 * The evaluation preset of a timm model: its test size and crop where it declares them.
 *
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/config.py (`resolve_data_config`)
 * @throws PresetError for a size, filter or crop mode that a ResNet's preset cannot have.
 */
export function presetFromTimm(config: TimmConfig): Preset {
  const size = config.test_input_size ?? config.input_size;
  const [channels, height, width] = Array.isArray(size) ? (size as readonly number[]) : [];
  if (channels !== 3 || !isLength(height) || width !== height) {
    throw new PresetError(`input_size: expected [3, size, size], got ${quote(size)}`);
  }
  const preset = {
    resizePx: edgeBeforeCrop(height, config.test_crop_pct ?? config.crop_pct ?? 0.875),
    cropPx: height,
    interpolation: interpolationOf(config.interpolation ?? 'bicubic'),
    mean: rgbOf('mean', config.mean ?? IMAGENET_MEAN),
    std: rgbOf('std', config.std ?? IMAGENET_STD),
  };
  const cropMode = config.crop_mode ?? 'center';
  if (cropMode === 'center') return preset;
  if (cropMode === 'squash') return { ...preset, cropMode };
  throw new PresetError(`crop_mode: expected center or squash, got ${quote(cropMode)}`);
}
