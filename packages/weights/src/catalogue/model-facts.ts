import type { Preset } from '@residual/vision';
import type { PublishedModel } from './published-weights.ts';

/** A preset with ImageNet's mean and deviation. */
export function imagenetPreset(
  resizePx: number,
  cropPx: number,
  interpolation: Preset['interpolation'],
  cropMode?: Preset['cropMode'],
): Preset {
  return {
    resizePx,
    cropPx,
    interpolation,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    ...(cropMode && { cropMode }),
  };
}

/** Trainable numbers of a variant, whoever published weights of it. */
export function parametersOf(model: PublishedModel): number {
  const counts: Record<PublishedModel, number> = {
    resnet18: 11_689_512,
    resnet26: 15_995_176,
    resnet34: 21_797_672,
    resnet50: 25_557_032,
    resnet101: 44_549_160,
    resnet152: 60_192_808,
    resnext50_32x4d: 25_028_904,
    resnext101_32x8d: 88_791_336,
    resnext101_64x4d: 83_455_272,
    wide_resnet50_2: 68_883_240,
    wide_resnet101_2: 126_886_696,
  };
  return counts[model];
}
