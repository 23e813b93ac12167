import type { Interpolation } from './interpolation.ts';
import type { Normalization, Rgb } from './normalize.ts';
import { PresetError } from './preset-error.ts';

/** How a model's pictures are prepared; part of what its weights mean. */
export interface Preset extends Normalization {
  /** Length of the shorter edge after resizing (of both edges where `cropMode` is `'squash'`). */
  readonly resizePx: number;
  /** Edge of the square that the model sees. */
  readonly cropPx: number;
  readonly interpolation: Interpolation;
  /**
   * `'center'` (default): torchvision's centred crop; `'center-floor'`: Hugging Face's, which rounds half a pixel down;
   * `'squash'`: both edges resized to `resizePx`, the aspect lost, then torchvision's centred crop.
   */
  readonly cropMode?: 'center' | 'center-floor' | 'squash';
}

/** Mean of ImageNet's training set on pixels divided by 255. */
export const IMAGENET_MEAN: Rgb = [0.485, 0.456, 0.406];
/** Standard deviation of ImageNet's training set on pixels divided by 255. */
export const IMAGENET_STD: Rgb = [0.229, 0.224, 0.225];

/** torchvision's `IMAGENET1K_V1` weights (but resnext101_64x4d's, which take `imagenet1kV2`). */
export const imagenet1kV1: Preset = {
  resizePx: 256,
  cropPx: 224,
  interpolation: 'bilinear',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
};

/** torchvision's `IMAGENET1K_V2` weights. */
export const imagenet1kV2: Preset = {
  resizePx: 232,
  cropPx: 224,
  interpolation: 'bilinear',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
};

/** timm's `a1`, `a2`, `a3` recipes at 224 pixels. */
export const timm224: Preset = {
  resizePx: 235,
  cropPx: 224,
  interpolation: 'bicubic',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
};

/** timm's `a1`, `a2` recipes at their test size, 288 pixels. */
export const timm288: Preset = {
  resizePx: 288,
  cropPx: 288,
  interpolation: 'bicubic',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
};

/** Hugging Face's `microsoft/resnet-*`, prepared by its ConvNextImageProcessor. */
export const huggingFace: Preset = {
  resizePx: 256,
  cropPx: 224,
  interpolation: 'bicubic',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  cropMode: 'center-floor',
};

/** The CIFAR family: 32 × 32 pixels as they are, ImageNet's mean and deviation. */
export const cifar: Preset = {
  resizePx: 32,
  cropPx: 32,
  interpolation: 'bilinear',
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
};

const presets: Readonly<Record<string, Preset>> = { imagenet1kV1, imagenet1kV2, timm224, timm288, huggingFace, cifar };

/** Names that `getPreset` knows. */
export function listPresets(): string[] {
  return Object.keys(presets);
}

/**
 * The preset called `name`, whatever its case, hyphens and underscores: `IMAGENET1K_V1` is `imagenet1kV1`.
 *
 * @throws PresetError for an unknown name; the message lists those there are.
 */
export function getPreset(name: string): Preset {
  const found = Object.entries(presets).find(([known]) => bareName(known) === bareName(name));
  if (!found) throw new PresetError(`unknown preset '${name}': expected one of ${listPresets().join(', ')}`);
  return found[1];
}

function bareName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
