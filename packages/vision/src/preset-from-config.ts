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
  const [channels, height, width] = Array.isArray(size) ? (size as readonly number[]) : [];
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

/** The preprocessing fields of a Hugging Face `preprocessor_config.json`. */
export interface HuggingFaceConfig {
  /** Without one it is the ConvNext processor's. */
  readonly image_processor_type?: string | null;
  /** What it was called before. */
  readonly feature_extractor_type?: string | null;
  readonly do_resize?: boolean | null;
  readonly size?: number | HuggingFaceSize | null;
  readonly do_center_crop?: boolean | null;
  readonly crop_size?: number | HuggingFaceSize | null;
  readonly crop_pct?: number | null;
  /** PIL's number of the filter: 2 bilinear, 3 bicubic. */
  readonly resample?: number | null;
  readonly do_rescale?: boolean | null;
  readonly rescale_factor?: number | null;
  readonly do_normalize?: boolean | null;
  readonly image_mean?: readonly number[] | null;
  readonly image_std?: readonly number[] | null;
}

/** A length of the shorter edge, or of both. */
export interface HuggingFaceSize {
  readonly shortest_edge?: number;
  readonly height?: number;
  readonly width?: number;
}

/**
 * The preset of a Hugging Face image processor: ConvNext's, which `microsoft/resnet-*` use, and ViT's, DeiT's, BiT's, CLIP's
 * and MobileNet's, which resize to a square or by the shorter edge, and crop.
 *
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/convnext/image_processing_convnext.py
 * @throws PresetError for another processor, and for a size, filter or step that a ResNet's preset cannot have.
 */
export function presetFromHuggingFace(config: HuggingFaceConfig): Preset {
  const type = String(config.image_processor_type ?? config.feature_extractor_type ?? 'ConvNext')
    .replace(/Fast$/, '')
    .replace(/(ImageProcessor|FeatureExtractor)(PIL)?$/i, '');
  const readers: Readonly<Record<string, (config: HuggingFaceConfig) => Geometry>> = {
    ConvNext: convNextGeometry,
    ViT: squareGeometry,
    DeiT: squareGeometry,
    Bit: shorterEdgeGeometry,
    CLIP: shorterEdgeGeometry,
    MobileNetV1: shorterEdgeGeometry,
    MobileNetV2: shorterEdgeGeometry,
  };
  if (!Object.hasOwn(readers, type)) {
    const known = Object.keys(readers).join(', ');
    throw new PresetError(`image_processor_type: expected that of ${known}, got ${type}; give a preset`);
  }
  checkSteps(config);
  const isConvNext = type === 'ConvNext';
  return {
    ...readers[type]!(config),
    interpolation: filterOf(config, isConvNext),
    ...normalizationOf(config, isConvNext),
  };
}

type Geometry = Pick<Preset, 'resizePx' | 'cropPx' | 'cropMode'>;

function convNextGeometry({ size, crop_pct: cropFraction }: HuggingFaceConfig): Geometry {
  const edge = typeof size === 'number' ? size : size?.shortest_edge;
  if (!isLength(edge)) throw badSize('size', '{shortest_edge: pixels}', size);
  if (edge >= 384) return { resizePx: edge, cropPx: edge, cropMode: 'squash' };
  return { resizePx: edgeBeforeCrop(edge, cropFraction ?? 224 / 256), cropPx: edge, cropMode: 'center-floor' };
}

/** Both edges resized, the aspect lost; then cropped where the processor crops. */
function squareGeometry(config: HuggingFaceConfig): Geometry {
  const resizePx = squareOf('size', config.size);
  const cropPx = config.do_center_crop ? squareOf('crop_size', config.crop_size) : resizePx;
  // transformers rounds half a pixel down, the preset's crop to the even one.
  if (cropPx <= resizePx && (resizePx - cropPx) % 2 === 0) return { resizePx, cropPx, cropMode: 'squash' };
  throw badSize('crop_size', `at most ${resizePx} pixels, and an even margin`, config.crop_size);
}

function shorterEdgeGeometry(config: HuggingFaceConfig): Geometry {
  const { size } = config;
  if (typeof size === 'object' && size?.shortest_edge === undefined) return squareGeometry(config);
  const resizePx = typeof size === 'number' ? size : size?.shortest_edge;
  if (!isLength(resizePx)) throw badSize('size', '{shortest_edge: pixels} or a square', size);
  if (config.do_center_crop === false) throw new PresetError('do_center_crop: expected true, got false; give a preset');
  const cropPx = squareOf('crop_size', config.crop_size);
  if (cropPx <= resizePx) return { resizePx, cropPx, cropMode: 'center-floor' };
  throw badSize('crop_size', `at most ${resizePx} pixels`, config.crop_size);
}

function squareOf(field: string, size: HuggingFaceConfig['size']): number {
  const { height, width } = typeof size === 'number' ? { height: size, width: size } : (size ?? {});
  if (isLength(height) && width === height) return height;
  throw badSize(field, '{height, width} of a square', size);
}

/** Steps that every preset has. */
function checkSteps(config: HuggingFaceConfig): void {
  for (const step of ['do_resize', 'do_rescale'] as const) {
    if (config[step] === false) throw new PresetError(`${step}: expected true, got false; give a preset`);
  }
  const factor = config.rescale_factor ?? 1 / 255;
  if (Math.abs(factor * 255 - 1) > 1e-6) throw new PresetError(`rescale_factor: expected 1/255, got ${factor}`);
}

function filterOf({ resample }: HuggingFaceConfig, isConvNext: boolean): Interpolation {
  const filter = resample ?? (isConvNext ? 2 : undefined);
  return interpolationOf(filter === 2 ? 'bilinear' : filter === 3 ? 'bicubic' : `PIL's ${filter}`);
}

function normalizationOf(config: HuggingFaceConfig, isConvNext: boolean): Pick<Preset, 'mean' | 'std'> {
  if (config.do_normalize === false) return { mean: [0, 0, 0], std: [1, 1, 1] };
  const { image_mean: mean, image_std: std } = config;
  return {
    mean: rgbOf('image_mean', mean ?? (isConvNext ? IMAGENET_MEAN : [])),
    std: rgbOf('image_std', std ?? (isConvNext ? IMAGENET_STD : [])),
  };
}

function badSize(field: string, expected: string, got: unknown): PresetError {
  return new PresetError(`${field}: expected ${expected}, got ${JSON.stringify(got)}`);
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
  if (Array.isArray(values) && values.length === 3 && values.every(Number.isFinite)) {
    const [red, green, blue] = values;
    return [red!, green!, blue!];
  }
  throw new PresetError(`${field}: expected 3 numbers, got ${JSON.stringify(values)}`);
}

function isLength(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 1;
}
