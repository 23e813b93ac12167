import { IMAGENET_MEAN, IMAGENET_STD } from '@residual/vision';
import type { Recipe } from '../recipe.ts';

/** For a new head on an ImageNet backbone and a few dozen pictures or more of each class. */
export const fineTuning: Recipe = {
  epochs: 10,
  batchSize: 16,
  sizePx: 224,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  optimizer: { sgd: { momentum: 0.9, nesterov: true, weightDecay: 1e-4 } },
  schedule: { oneCycle: { highest: 0.01, rising: 0.2, startDivisor: 10, endDivisor: 1000 } },
  augment: [{ randomResizedCrop: { sizePx: 224, scale: [0.35, 1] } }, { randomFlip: {} }],
  decayNormAndBias: false,
};
