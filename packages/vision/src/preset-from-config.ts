import type { Interpolation } from './interpolation.ts';
import type { Rgb } from './normalize.ts';
import { IMAGENET_MEAN, IMAGENET_STD, type Preset } from './preset.ts';
import { PresetError } from './preset-error.ts';

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
  const [channels, height, width] = size ?? [];
  if (channels !== 3 || !isLength(height) || width !== height) {
    throw new PresetError(`input_size: expected [3, size, size], got ${JSON.stringify(size)}`);
  }
  const cropFraction = config.test_crop_pct ?? config.crop_pct ?? 0.875;
  const preset = {
    resizePx: edgeBeforeCrop(height, cropFraction),
    cropPx: height,
    interpolation: interpolationOf(config.interpolation ?? 'bicubic'),
    mean: rgbOf('mean', config.mean ?? IMAGENET_MEAN),
    std: rgbOf('std', config.std ?? IMAGENET_STD),
  };
  const cropMode = config.crop_mode ?? 'center';
  if (cropMode === 'center') return preset;
  if (cropMode === 'squash') return { ...preset, cropMode };
  throw new PresetError(`crop_mode: expected center or squash, got ${cropMode}`);
}

/** The preprocessing fields of a Hugging Face `preprocessor_config.json` of the ConvNext processor. */
export interface HuggingFaceConfig {
  readonly size?: number | { readonly shortest_edge?: number } | null;
  readonly crop_pct?: number | null;
  /** PIL's number of the filter: 2 bilinear, 3 bicubic. */
  readonly resample?: number | null;
  readonly image_mean?: readonly number[] | null;
  readonly image_std?: readonly number[] | null;
}

/**
 * The preset of a Hugging Face ConvNextImageProcessor, which `microsoft/resnet-*` use.
 *
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/convnext/image_processing_convnext.py
 * @throws PresetError for a size or filter that a ResNet's preset cannot have.
 */
export function presetFromHuggingFace(config: HuggingFaceConfig): Preset {
  const size = typeof config.size === 'number' ? config.size : config.size?.shortest_edge;
  if (!isLength(size)) {
    throw new PresetError(`size: expected {shortest_edge: pixels}, got ${JSON.stringify(config.size)}`);
  }
  const resample = config.resample ?? 2;
  const squashes = size >= 384;
  return {
    resizePx: squashes ? size : edgeBeforeCrop(size, config.crop_pct ?? 224 / 256),
    cropPx: size,
    interpolation: interpolationOf(resample === 2 ? 'bilinear' : resample === 3 ? 'bicubic' : `PIL's ${resample}`),
    mean: rgbOf('image_mean', config.image_mean ?? IMAGENET_MEAN),
    std: rgbOf('image_std', config.image_std ?? IMAGENET_STD),
    cropMode: squashes ? 'squash' : 'center-floor',
  };
}

function edgeBeforeCrop(cropPx: number, fraction: number): number {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new PresetError(`crop_pct: expected a fraction above 0 and up to 1, got ${fraction}`);
  }
  return Math.floor(cropPx / fraction);
}

function interpolationOf(name: string): Interpolation {
  if (name === 'bilinear' || name === 'bicubic') return name;
  throw new PresetError(`interpolation: expected bilinear or bicubic, got ${name}`);
}

function rgbOf(field: string, values: readonly number[]): Rgb {
  const [red, green, blue] = values;
  if (values.length !== 3 || !values.every(Number.isFinite)) {
    throw new PresetError(`${field}: expected 3 numbers, got ${JSON.stringify(values)}`);
  }
  return [red!, green!, blue!];
}

function isLength(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 1;
}
