import type { Interpolation } from './interpolation.ts';
import type { Normalization, Rgb } from './normalize.ts';

/**
 * `'center'`: torchvision's centred crop; `'center-floor'`: Hugging Face's, which rounds half a pixel down; `'squash'` and
 * `'squash-floor'`: both edges resized to `resizePx`, the aspect lost, then the same crops.
 */
export type CropMode = (typeof CROP_MODES)[number];

/** Every `CropMode`. */
export const CROP_MODES = ['center', 'center-floor', 'squash', 'squash-floor'] as const;

/** How a model's pictures are prepared; part of what its weights mean. */
export interface Preset extends Normalization {
  /** Length of the shorter edge after resizing (of both edges where `cropMode` is `'squash'` or `'squash-floor'`). */
  readonly resizePx: number;
  /** Edge of the square that the model sees. */
  readonly cropPx: number;
  readonly interpolation: Interpolation;
  /** Default `'center'`. */
  readonly cropMode?: CropMode;
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
