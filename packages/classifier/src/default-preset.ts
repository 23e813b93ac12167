import { imagenetStem, type ResNetSpec } from '@residual/resnet';
import {
  cifar,
  clip,
  huyvnphanCifar10,
  imagenet1kV1,
  imagenet1kV2,
  kerasCaffe,
  kerasTf,
  type Preset,
} from '@residual/vision';

/** How pictures are prepared for a network's plain weights file: as for torchvision's `IMAGENET1K_V1`, for CIFAR, or as its publisher does. */
export function defaultPreset({ name, stem = imagenetStem }: ResNetSpec): Preset {
  if (stem.sizePx === 32) return name.endsWith('_maxpool') ? huyvnphanCifar10 : cifar;
  if (name.startsWith('clip_')) return { ...clip, resizePx: stem.sizePx, cropPx: stem.sizePx };
  if (name.startsWith('keras_')) return name.endsWith('v2') ? kerasTf : kerasCaffe;
  // The one variant whose first torchvision weights came with the second recipe.
  return name === 'resnext101_64x4d' ? imagenet1kV2 : imagenet1kV1;
}
