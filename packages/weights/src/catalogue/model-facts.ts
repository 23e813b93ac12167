import type { Preset } from '@residual/vision';
import type { TimmModel } from './published-weights.ts';
import { timmTable } from './timm-table.ts';

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

/** Trainable numbers of a variant with ImageNet's thousand classes, whoever published weights of it. */
export function parametersOf(model: TimmModel): number {
  return timmTable[model][0];
}
